using System.Buffers;
using Grid.Domain.Events;
using Grid.Domain.Feed;

namespace Grid.Client.Feed;

/// <summary>One encoded batch with room for its header, kept until it is acknowledged.</summary>
internal sealed class RetainedBatch
{
    private readonly byte[] _frame;
    private readonly int _length;

    // Both under the window's lock. The array goes back when the batch is done and nobody sends it.
    private bool _isSending;
    private bool _isDone;

    public RetainedBatch(EventBatchEncoder encoder, DictionarySize needs)
    {
        var payload = encoder.Finish();
        Events = encoder.Count;
        Needs = needs;
        _length = FeedHeader.Bytes + payload.Length;
        _frame = ArrayPool<byte>.Shared.Rent(_length);
        payload.CopyTo(_frame.AsSpan(FeedHeader.Bytes));
    }

    public ulong Number { get; set; }

    public int Events { get; }

    public int PayloadBytes => _length - FeedHeader.Bytes;

    /// <summary>What must have been announced before the batch.</summary>
    public DictionarySize Needs { get; }

    /// <summary>The whole frame, completed with the header.</summary>
    public ReadOnlyMemory<byte> Seal()
    {
        FeedHeader.Seal(_frame.AsSpan(0, _length), FeedFrameType.Batch, Number);
        return _frame.AsMemory(0, _length);
    }

    public void BeginSend() => _isSending = true;

    public void EndSend()
    {
        _isSending = false;
        ReturnIfUnused();
    }

    public void Done()
    {
        _isDone = true;
        ReturnIfUnused();
    }

    private void ReturnIfUnused()
    {
        if (_isDone && !_isSending)
        {
            ArrayPool<byte>.Shared.Return(_frame);
        }
    }
}

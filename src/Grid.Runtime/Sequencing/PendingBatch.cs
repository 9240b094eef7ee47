using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Feeds;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// A batch on its way: filled by a feed, journaled by the sequencer, applied by the shards, returned to its pool when its
/// outcomes are journaled. The number of these objects bounds what is in memory.
/// </summary>
internal sealed class PendingBatch : SequencerWork
{
    private byte[] _payload = [];
    private int _payloadLength;
    private Outcome[] _outcomes = [];
    private int _shardsLeft;
    private bool _isApplied;

    /// <summary>The feed that sent it; null while a journal is replayed.</summary>
    public EmbeddedFeed? Feed { get; set; }

    public string Producer { get; set; } = string.Empty;

    public ulong Epoch { get; set; }

    public ulong Number { get; set; }

    public UnixNanos ReceivedAt { get; set; }

    /// <summary>When it came, on the clock that measures.</summary>
    public long ReceivedTimestamp { get; set; }

    /// <summary>Its input frame; 0 until it is journaled.</summary>
    public ulong Lsn { get; set; }

    /// <summary>True if the batch was applied before and only wants its acknowledgement.</summary>
    public bool IsRetry { get; set; }

    /// <summary>Events that a retried batch has.</summary>
    public int RetriedEvents { get; set; }

    public EventBatch Events { get; } = new();

    /// <summary>What was decided of each event, by index.</summary>
    public Span<Outcome> Outcomes => _outcomes.AsSpan(0, Events.Count);

    public ReadOnlySpan<byte> Payload => _payload.AsSpan(0, _payloadLength);

    /// <summary>Keeps a copy of the bytes to journal.</summary>
    public void SetPayload(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _payload.Length)
        {
            _payload = GC.AllocateUninitializedArray<byte>(Math.Max(bytes.Length, _payload.Length * 2));
        }

        bytes.CopyTo(_payload);
        _payloadLength = bytes.Length;
    }

    /// <summary>Makes a place for the outcome of each event.</summary>
    public void MakeRoomForOutcomes()
    {
        if (_outcomes.Length < Events.Count)
        {
            _outcomes = new Outcome[Math.Max(Events.Count, _outcomes.Length * 2)];
        }
    }

    /// <summary>Makes ready for the shards.</summary>
    public void BeginApplying(int shards)
    {
        _isApplied = false;
        _shardsLeft = shards;
    }

    /// <summary>Notes that one shard is done; true for the last.</summary>
    public bool FinishShard()
    {
        if (Interlocked.Decrement(ref _shardsLeft) != 0)
        {
            return false;
        }

        _isApplied = true;
        return true;
    }

    public override void Run(Sequencer sequencer)
    {
        if (_isApplied)
        {
            sequencer.Complete(this);
        }
        else
        {
            sequencer.Accept(this);
        }
    }

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Reset()
    {
        Feed = null;
        Events.Clear();
        _payloadLength = 0;
        IsRetry = false;
        _isApplied = false;
        Lsn = 0;
    }
}

/// <summary>Something for the sequencer to do, in the order in which it was asked.</summary>
internal abstract class SequencerWork
{
    public abstract void Run(Sequencer sequencer);
}

/// <summary>A step that control-plane code wants done between batches.</summary>
internal sealed class SequencerCall(Action<Sequencer> call) : SequencerWork
{
    public override void Run(Sequencer sequencer) => call(sequencer);
}

using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Grid.Domain.Instruments;

namespace Grid.Domain.Events;

/// <summary>
/// Encodes events as one batch payload: the bytes that a feed sends, the journal keeps and a silo forwards. Names are
/// numbers of the producer's own dictionary.
/// </summary>
/// <remarks>
/// <code>payload := version:u8 (1)  reserved:u8*3  count:u32  row*count  zero:u8*8</code>
/// The eight zero bytes at the end let a reader load whole words. Rows: <see cref="EventRowCodec"/>.
/// </remarks>
public sealed class EventBatchEncoder
{
    internal const byte Version = 1;
    internal const int HeaderBytes = 8;
    internal const int TrailerBytes = 8;
    private const int SlackBytes = GridLimits.EventRowBytesMax + GridLimits.EventExtensionBytesMax + TrailerBytes + 8;

    // _buffer[0.._length) is written; _previous is the last row's event; _buffer always has SlackBytes left.
    private readonly byte[] _extension = new byte[GridLimits.EventExtensionBytesMax];
    private byte[] _buffer;
    private int _length = HeaderBytes;
    private MarketEvent _previous;

    /// <summary>An empty batch with room for <paramref name="capacityBytes"/> at first.</summary>
    public EventBatchEncoder(int capacityBytes = 64 << 10) => _buffer = new byte[capacityBytes + SlackBytes];

    /// <summary>Events written so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that <see cref="Finish"/> would give now.</summary>
    public int Length => _length + TrailerBytes;

    /// <summary>True if no further event is sure to fit.</summary>
    public bool IsFull => Count == GridLimits.BatchEventsMax || _length + SlackBytes > GridLimits.BatchBytesMax;

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Clear()
    {
        _length = HeaderBytes;
        Count = 0;
        _previous = default;
    }

    /// <summary>Adds an event without a wider part.</summary>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public void Add(in MarketEvent e)
    {
        EnsureRoom();
        _length += EventRowCodec.Write(ref _buffer[_length], in e, ref _previous);
        Count++;
    }

    /// <summary>Adds a run.</summary>
    public void Add(in MarketEvent e, in RunDetail run)
    {
        run.Write(_extension);
        AddWide(e, _extension.AsSpan(0, RunDetail.EncodedBytes));
    }

    /// <summary>Adds a definition.</summary>
    public void Add(in MarketEvent e, InstrumentDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        AddWide(e, _extension.AsSpan(0, definition.Write(_extension)));
    }

    /// <summary>The payload; valid until the next <see cref="Clear"/> or Add.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer, Version);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(4), (uint)Count);
        _buffer.AsSpan(_length, TrailerBytes).Clear();
        return _buffer.AsSpan(0, _length + TrailerBytes);
    }

    /// <summary>The payload as memory; valid until the next <see cref="Clear"/> or Add.</summary>
    public ReadOnlyMemory<byte> FinishMemory() => _buffer.AsMemory(0, Finish().Length);

    private void AddWide(MarketEvent e, ReadOnlySpan<byte> wide)
    {
        EnsureRoom();
        e.Detail = 0;
        _length += EventRowCodec.Write(ref _buffer[_length], in e, ref _previous, wide);
        Count++;
    }

    private void EnsureRoom()
    {
        if (_length + SlackBytes > _buffer.Length || Count == GridLimits.BatchEventsMax)
        {
            Grow();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow()
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"the batch is full: {Count} events, {_length} bytes");
        }

        Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, GridLimits.BatchBytesMax + SlackBytes));
    }
}

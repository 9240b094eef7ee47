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

    // buffer[0..length) is written; previous is the last row's event; buffer always has SlackBytes left.
    private readonly byte[] extension = new byte[GridLimits.EventExtensionBytesMax];
    private byte[] buffer;
    private int length = HeaderBytes;
    private MarketEvent previous;

    /// <summary>An empty batch with room for <paramref name="capacityBytes"/> at first.</summary>
    public EventBatchEncoder(int capacityBytes = 64 << 10) => buffer = new byte[capacityBytes + SlackBytes];

    /// <summary>Events written so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that <see cref="Finish"/> would give now.</summary>
    public int Length => length + TrailerBytes;

    /// <summary>True if no further event is sure to fit.</summary>
    public bool IsFull => Count == GridLimits.BatchEventsMax || length + SlackBytes > GridLimits.BatchBytesMax;

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Clear()
    {
        length = HeaderBytes;
        Count = 0;
        previous = default;
    }

    /// <summary>Adds an event without a wider part.</summary>
    /// <exception cref="InvalidOperationException">The batch is full.</exception>
    public void Add(in MarketEvent e)
    {
        EnsureRoom();
        length += EventRowCodec.Write(ref buffer[length], in e, ref previous);
        Count++;
    }

    /// <summary>Adds a run.</summary>
    public void Add(in MarketEvent e, in RunDetail run)
    {
        run.Write(extension);
        AddWide(e, extension.AsSpan(0, RunDetail.EncodedBytes));
    }

    /// <summary>Adds a definition.</summary>
    public void Add(in MarketEvent e, InstrumentDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        AddWide(e, extension.AsSpan(0, definition.Write(extension)));
    }

    /// <summary>The payload; valid until the next <see cref="Clear"/> or Add.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, Version);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(4), (uint)Count);
        buffer.AsSpan(length, TrailerBytes).Clear();
        return buffer.AsSpan(0, length + TrailerBytes);
    }

    private void AddWide(MarketEvent e, ReadOnlySpan<byte> wide)
    {
        EnsureRoom();
        e.Detail = 0;
        length += EventRowCodec.Write(ref buffer[length], in e, ref previous, wide);
        Count++;
    }

    private void EnsureRoom()
    {
        if (length + SlackBytes > buffer.Length || Count == GridLimits.BatchEventsMax)
        {
            Grow();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow()
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"the batch is full: {Count} events, {length} bytes");
        }

        Array.Resize(ref buffer, Math.Min(buffer.Length * 2, GridLimits.BatchBytesMax + SlackBytes));
    }
}

using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Events;

/// <summary>Decodes batch payloads of <see cref="EventBatchEncoder"/>, turning the producer's numbers of names into this process's.</summary>
public static class EventBatchDecoder
{
    private const int RowBytesSafe = GridLimits.EventRowBytesMax + 8;

    /// <summary>
    /// Fills <paramref name="batch"/> from a payload. On a fault the batch is empty and <paramref name="faultRow"/> is the row
    /// (from 0) at which reading stopped.
    /// </summary>
    public static BatchFault Decode(ReadOnlySpan<byte> payload, in NameMaps maps, UnixNanos receivedAt, EventBatch batch, out int faultRow)
    {
        ArgumentNullException.ThrowIfNull(batch);
        batch.Clear();
        faultRow = 0;
        if (payload.Length < EventBatchEncoder.HeaderBytes + EventBatchEncoder.TrailerBytes)
        {
            return BatchFault.Length;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(payload) != EventBatchEncoder.Version)
        {
            return BatchFault.Version;
        }

        var count = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]);
        if (count is 0 or > GridLimits.BatchEventsMax)
        {
            return BatchFault.Count;
        }

        var rows = payload[EventBatchEncoder.HeaderBytes..^EventBatchEncoder.TrailerBytes];
        var fault = DecodeRows(rows, in maps, receivedAt, batch, batch.Resize((int)count), out faultRow);
        if (fault != BatchFault.None)
        {
            batch.Clear();
        }

        return fault;
    }

    /// <summary>The number of events that a payload says it has; 0 if it is too short to say.</summary>
    public static int CountOf(ReadOnlySpan<byte> payload) =>
        payload.Length < EventBatchEncoder.HeaderBytes ? 0 : (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]), int.MaxValue);

    private static BatchFault DecodeRows(
        ReadOnlySpan<byte> rows, in NameMaps maps, UnixNanos receivedAt, EventBatch batch, Span<MarketEvent> events, out int row)
    {
        // `raw` is in the producer's numbers; `context` is what was last mapped, so that a name is looked up when it changes.
        var raw = default(MarketEvent);
        var context = default(MarketEvent);
        var known = false;
        Span<byte> tail = stackalloc byte[RowBytesSafe];
        var at = 0;
        for (row = 0; row < events.Length; row++)
        {
            int taken;
            int extension;
            if (rows.Length - at >= RowBytesSafe)
            {
                taken = EventRowCodec.Read(ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), at), ref raw, out extension);
            }
            else
            {
                tail.Clear();
                rows[at..].CopyTo(tail);
                taken = EventRowCodec.Read(ref MemoryMarshal.GetReference(tail), ref raw, out extension);
            }

            if (taken == 0 || taken + extension > rows.Length - at)
            {
                return BatchFault.Row;
            }

            ref var e = ref events[row];
            e = raw;
            if (!known || raw.Source != context.Source || raw.Channel != context.Channel || raw.Venue != context.Venue)
            {
                if (!maps.TryMapContext(in raw))
                {
                    return BatchFault.Name;
                }

                context = raw;
                known = true;
            }

            if (raw.Instrument.Value >= (uint)maps.Instruments.Length || maps.Instruments[(int)raw.Instrument.Value] <= 0)
            {
                return BatchFault.Name;
            }

            e.Instrument = new InstrumentId((uint)maps.Instruments[(int)raw.Instrument.Value]);
            e.Source = new SourceId((ushort)maps.Sources[raw.Source.Value]);
            e.Venue = new VenueId((ushort)maps.Venues[raw.Venue.Value]);
            e.Channel = new ChannelId((uint)maps.Channels[(int)raw.Channel.Value]);
            e.ReceiveTime = receivedAt;
            e.Flags &= EventFlags.FromFeed;
            e.Detail = 0;
            if (extension != 0 || e.Kind is not (EventKind.Trade or EventKind.Quote or EventKind.Cancel or EventKind.Correct))
            {
                if (!TryTakeWide(rows.Slice(at + taken, extension), ref e, batch))
                {
                    return BatchFault.Kind;
                }
            }

            at += taken + extension;
        }

        return at == rows.Length ? BatchFault.None : BatchFault.Length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryTakeWide(ReadOnlySpan<byte> extension, ref MarketEvent e, EventBatch batch)
    {
        switch (e.Kind)
        {
            case EventKind.Run when RunDetail.TryRead(extension, out var run):
                e.Detail = (ushort)batch.Runs.Count;
                batch.Runs.Add(run);
                return true;
            case EventKind.Definition when InstrumentDefinition.TryRead(extension, out var definition):
                e.Detail = (ushort)batch.Definitions.Count;
                batch.Definitions.Add(definition);
                return true;
            default:
                return false;
        }
    }
}

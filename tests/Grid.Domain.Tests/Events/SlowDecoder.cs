using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Events;

/// <summary>Reads batch payloads byte by byte from the description of the format: what the decoder is compared with.</summary>
internal sealed class SlowDecoder(byte[] payload)
{
    private const int HeaderBytes = 8;
    private const int TrailerBytes = 8;

    private readonly int _end = payload.Length - TrailerBytes;
    private int _at = HeaderBytes;
    private bool _isCut;

    public BatchFault Decode(EventBatch batch, out int row)
    {
        row = 0;
        if (payload.Length < HeaderBytes + TrailerBytes)
        {
            return BatchFault.Length;
        }

        if (payload[0] != 1 || payload[1] != 0 || payload[2] != 0 || payload[3] != 0)
        {
            return BatchFault.Version;
        }

        var count = BitConverter.ToUInt32(payload, 4);
        if (count == 0 || count > GridLimits.BatchEventsMax)
        {
            return BatchFault.Count;
        }

        var raw = default(MarketEvent);
        for (; row < count; row++)
        {
            var fault = ReadRow(ref raw, batch);
            if (fault != BatchFault.None)
            {
                batch.Clear();
                return fault;
            }
        }

        if (_at == _end)
        {
            return BatchFault.None;
        }

        batch.Clear();
        return BatchFault.Length;
    }

    private BatchFault ReadRow(ref MarketEvent e, EventBatch batch)
    {
        _isCut = false;
        var mask = (int)Take(1);
        var control = (uint)Take(4);
        for (var number = 0; number < 7; number++)
        {
            if (((control >> (4 * number)) & 15) > 8)
            {
                return BatchFault.Row;
            }
        }

        ReadContext(mask, ref e);
        var instrumentBytes = (int)(control & 15);
        var instrument = (uint)Take(instrumentBytes);
        e.Instrument = instrumentBytes == 0 ? e.Instrument : new InstrumentId(instrument);
        e.Sequence += (ulong)TakeSigned(control, 1);
        e.EventTime = new UnixNanos(e.EventTime.Value + TakeSigned(control, 2));
        e.F0 = TakeSigned(control, 3) * (((control >> 28) & 1) == 1 ? 10_000 : 1);
        e.F1 = TakeSigned(control, 4) * (((control >> 29) & 1) == 1 ? 100_000_000 : 1);
        e.F2 = TakeSigned(control, 5) * (((control >> 30) & 1) == 1 ? 10_000 : 1);
        e.F3 = TakeSigned(control, 6) * (((control >> 31) & 1) == 1 ? 100_000_000 : 1);
        var extension = new byte[(mask & 128) != 0 ? (int)Take(2) : 0];
        for (var i = 0; i < extension.Length; i++)
        {
            extension[i] = (byte)Take(1);
        }

        return _isCut ? BatchFault.Row : Accept(in e, extension, batch);
    }

    private void ReadContext(int mask, ref MarketEvent e)
    {
        if ((mask & 1) != 0)
        {
            e.Kind = (EventKind)Take(1);
            e.Flags = (EventFlags)Take(1);
        }

        e.Source = (mask & 2) != 0 ? new SourceId((ushort)Take(2)) : e.Source;
        e.Channel = (mask & 4) != 0 ? new ChannelId((uint)Take(4)) : e.Channel;
        e.Session = (mask & 8) != 0 ? (uint)Take(4) : e.Session;
        e.Venue = (mask & 16) != 0 ? new VenueId((ushort)Take(2)) : e.Venue;
        e.Conditions = (mask & 32) != 0 ? (uint)Take(4) : e.Conditions;
        e.ReceiveTime = (mask & 64) != 0 ? new UnixNanos((long)Take(8)) : e.ReceiveTime;
    }

    private static BatchFault Accept(in MarketEvent e, byte[] extension, EventBatch batch)
    {
        const int Names = Payload.Names;
        if (e.Source.Value is 0 or > Names || e.Venue.Value > Names || e.Channel.Value > Names || e.Instrument.Value is 0 or > Names)
        {
            return BatchFault.Name;
        }

        var mapped = Payload.Mapped(in e);
        mapped.Flags &= EventFlags.FromFeed;
        switch (e.Kind)
        {
            case EventKind.Trade or EventKind.Quote or EventKind.Cancel or EventKind.Correct when extension.Length == 0:
                batch.Add(in mapped);
                return BatchFault.None;
            case EventKind.Run when RunDetail.TryRead(extension, out var run):
                batch.Add(in mapped, in run);
                return BatchFault.None;
            case EventKind.Definition when InstrumentDefinition.TryRead(extension, out var definition):
                batch.Add(in mapped, definition);
                return BatchFault.None;
            default:
                return BatchFault.Kind;
        }
    }

    private long TakeSigned(uint control, int number)
    {
        var value = Take((int)((control >> (4 * number)) & 15));
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    // Beyond the end there are zeros, and the row is cut.
    private ulong Take(int bytes)
    {
        ulong value = 0;
        for (var i = 0; i < bytes; i++)
        {
            _isCut |= _at >= _end;
            value |= (_at < _end ? (ulong)payload[_at] : 0) << (8 * i);
            _at++;
        }

        return value;
    }
}

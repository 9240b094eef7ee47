using System.Buffers;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Gateway.Http.Paging;

/// <summary>
/// A place among ticks as bytes, with names and not with this process's numbers: how many are the same (4), kind, flags,
/// session (4), conditions (4), sequence (8), event time (8), four fields (8 each), then source, channel and venue, each
/// with its length before it.
/// </summary>
internal static class TickPlace
{
    private const int FixedBytes = 4 + 2 + 4 + 4 + 8 + 8 + (4 * 8);

    public static byte[] Write(in TickPosition position, GridNames names)
    {
        var e = position.Event;
        var target = new ArrayBufferWriter<byte>(FixedBytes + (3 * (GridLimits.NameBytesMax + 1)));
        var writer = new StateWriter(target);
        writer.Put(position.Same);
        writer.Put(e.Kind);
        writer.Put(e.Flags);
        writer.Put(e.Session);
        writer.Put(e.Conditions);
        writer.Put(e.Sequence);
        writer.Put(e.EventTime);
        writer.Put(e.F0);
        writer.Put(e.F1);
        writer.Put(e.F2);
        writer.Put(e.F3);
        PutName(writer, target, names.Sources[e.Source.Value]);
        PutName(writer, target, names.Channels[(int)e.Channel.Value]);
        PutName(writer, target, names.Venues[e.Venue.Value]);
        return target.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false if it is not that, or names what this process has not met.</summary>
    public static bool TryRead(ReadOnlySpan<byte> place, GridNames names, out TickPosition position)
    {
        position = default;
        if (place.Length < FixedBytes)
        {
            return false;
        }

        var reader = new StateReader(place);
        var same = reader.Take<int>();
        var e = new MarketEvent
        {
            Kind = reader.Take<EventKind>(),
            Flags = reader.Take<EventFlags>(),
            Session = reader.Take<uint>(),
            Conditions = reader.Take<uint>(),
            Sequence = reader.Take<ulong>(),
            EventTime = reader.Take<UnixNanos>(),
            F0 = reader.Take<long>(),
            F1 = reader.Take<long>(),
            F2 = reader.Take<long>(),
            F3 = reader.Take<long>(),
        };
        var rest = place[FixedBytes..];
        if (!TryTakeName(ref rest, names.Sources, out var source)
            || !TryTakeName(ref rest, names.Channels, out var channel)
            || !TryTakeName(ref rest, names.Venues, out var venue)
            || !rest.IsEmpty
            || same < 1)
        {
            return false;
        }

        e.Source = new SourceId((ushort)source);
        e.Channel = new ChannelId((uint)channel);
        e.Venue = new VenueId((ushort)venue);
        position = new TickPosition(e, same);
        return true;
    }

    private static void PutName(StateWriter writer, ArrayBufferWriter<byte> target, ReadOnlySpan<byte> name)
    {
        writer.Put((byte)name.Length);
        target.Write(name);
    }

    private static bool TryTakeName(ref ReadOnlySpan<byte> rest, NameTable table, out int number)
    {
        number = -1;
        if (rest.IsEmpty || rest.Length <= rest[0])
        {
            return false;
        }

        number = table.Find(rest.Slice(1, rest[0]));
        rest = rest[(1 + rest[0])..];
        return number >= 0;
    }
}

using System.Buffers;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Gateway.Http.Paging;

/// <summary>
/// A place among gaps, which are in the order of source, channel, session and number: behind the last number that was told as
/// missing. So what is left of a gap when numbers of it arrive between two pages is not told again. As bytes, with names
/// and not with this process's numbers: session (4), last missing number (8), then source and channel, each with its length before it.
/// </summary>
internal sealed record GapPlace(byte[] Source, byte[] Channel, uint Session, ulong LastMissing)
{
    private const int FixedBytes = sizeof(uint) + sizeof(ulong);

    public static byte[] Write(Gap gap, GridNames names)
    {
        var target = new ArrayBufferWriter<byte>(FixedBytes + (2 * (GridLimits.NameBytesMax + 1)));
        var writer = new StateWriter(target);
        writer.Put(gap.Session);
        writer.Put(gap.LastMissing);
        foreach (var name in (ReadOnlySpan<byte[]>)[SourceOf(gap, names).ToArray(), ChannelOf(gap, names).ToArray()])
        {
            writer.Put((byte)name.Length);
            target.Write(name);
        }

        return target.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write"/> wrote; false if it is not that.</summary>
    public static bool TryRead(ReadOnlySpan<byte> place, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out GapPlace? read)
    {
        read = null;
        if (place.Length < FixedBytes)
        {
            return false;
        }

        var reader = new StateReader(place);
        var session = reader.Take<uint>();
        var last = reader.Take<ulong>();
        var rest = place[FixedBytes..];
        if (!TryTakeName(ref rest, out var source) || !TryTakeName(ref rest, out var channel) || !rest.IsEmpty)
        {
            return false;
        }

        read = new GapPlace(source, channel, session, last);
        return true;
    }

    /// <summary>The order of gaps in the list.</summary>
    public static IComparer<Gap> Order(GridNames names) => Comparer<Gap>.Create((a, b) =>
    {
        var order = SourceOf(a, names).SequenceCompareTo(SourceOf(b, names));
        order = order != 0 ? order : ChannelOf(a, names).SequenceCompareTo(ChannelOf(b, names));
        order = order != 0 ? order : a.Session.CompareTo(b.Session);
        return order != 0 ? order : a.FirstMissing.CompareTo(b.FirstMissing);
    });

    /// <summary>True if a gap comes behind this place.</summary>
    public bool IsBefore(Gap gap, GridNames names)
    {
        var order = SourceOf(gap, names).SequenceCompareTo(Source);
        order = order != 0 ? order : ChannelOf(gap, names).SequenceCompareTo(Channel);
        order = order != 0 ? order : gap.Session.CompareTo(Session);
        return order != 0 ? order > 0 : gap.FirstMissing > LastMissing;
    }

    private static ReadOnlySpan<byte> SourceOf(Gap gap, GridNames names) => names.Sources[gap.Source.Value];

    private static ReadOnlySpan<byte> ChannelOf(Gap gap, GridNames names) => names.Channels[(int)gap.Channel.Value];

    private static bool TryTakeName(ref ReadOnlySpan<byte> rest, out byte[] name)
    {
        name = [];
        if (rest.IsEmpty || rest.Length <= rest[0])
        {
            return false;
        }

        name = rest.Slice(1, rest[0]).ToArray();
        rest = rest[(1 + name.Length)..];
        return true;
    }
}

using System.Buffers;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Clustering;

/// <summary>What is known of an instrument, as bytes that another process of the cluster can read.</summary>
public static class PortableLatest
{
    private const byte Version = 1;

    /// <summary>Writes it with the names that it uses.</summary>
    public static byte[] Encode(Latest latest, GridNames names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var used = new UsedNames();
        Visit(ref latest, used);
        var bytes = new ArrayBufferWriter<byte>(1024);
        var writer = new StateWriter(bytes);
        writer.Put(Version);
        StateNames.Write(writer, names, used);
        writer.Put(in latest);
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads it, in the numbers of a process.</summary>
    /// <exception cref="FormatException">The bytes are not one.</exception>
    public static Latest Decode(ReadOnlySpan<byte> bytes, GridNames names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var reader = new StateReader(bytes);
        if (reader.Take<byte>() is not Version and var version)
        {
            throw new FormatException($"a latest value has version {version}; this program knows {Version}");
        }

        var translation = StateNames.Read(ref reader, names);
        var latest = reader.Take<Latest>();
        Visit(ref latest, translation);
        return latest;
    }

    private static void Visit(ref Latest latest, NameVisitor visitor)
    {
        visitor.Visit(ref latest.Instrument);
        visitor.Visit(ref latest.Last);
        latest.Bid = Visited(latest.Bid, visitor);
        latest.Ask = Visited(latest.Ask, visitor);
    }

    private static Side Visited(Side side, NameVisitor visitor)
    {
        var source = side.Source;
        visitor.Visit(ref source);
        return side with { Source = source };
    }
}

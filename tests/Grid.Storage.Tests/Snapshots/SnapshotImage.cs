using System.Buffers;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;

namespace Grid.Storage.Tests.Snapshots;

/// <summary>Random sections, and ways to write and to read them.</summary>
internal static class SnapshotImage
{
    public static readonly UnixNanos Created = new(1_700_000_000_123_456_789);

    /// <summary>Up to six sections of up to so many bytes, some empty.</summary>
    public static List<(uint Type, byte[] Payload)> Sections(Random random, int bytesMax)
    {
        var sections = new List<(uint, byte[])>();
        for (var left = random.Next(7); left > 0; left--)
        {
            var payload = new byte[random.Next(5) == 0 ? 0 : random.Next(bytesMax)];
            random.NextBytes(payload);
            sections.Add(((uint)random.Next(1, 5), payload));
        }

        return sections;
    }

    public static void Write(IJournalDirectory directory, ulong lsn, List<(uint Type, byte[] Payload)> sections, Random random, int chunkBytes)
    {
        using var writer = new SnapshotWriter(directory, lsn, Created, chunkBytes);
        foreach (var (type, payload) in sections)
        {
            writer.BeginSection(type);
            WritePieces(writer, payload, random);
        }

        writer.Publish();
    }

    /// <summary>Reads everything, in pieces of random size, having found a snapshot whole or not.</summary>
    public static List<(uint Type, byte[] Payload)> Read(SnapshotReader reader, Random random)
    {
        var sections = new List<(uint, byte[])>();
        while (reader.NextSection())
        {
            var payload = new ArrayBufferWriter<byte>();
            while (reader.SectionLeft > 0)
            {
                var wanted = random.Next(1, 300);
                if (random.Next(2) == 0)
                {
                    payload.Write(reader.Read((int)Math.Min(reader.SectionLeft, (ulong)wanted)));
                }
                else
                {
                    var read = reader.Read(payload.GetSpan(wanted)[..wanted]);
                    payload.Advance(read);
                }
            }

            sections.Add((reader.SectionType, payload.WrittenSpan.ToArray()));
        }

        return sections;
    }

    public static byte[] Bytes(this IJournalDirectory directory, ulong lsn) => directory.ReadAll(SnapshotFormat.NameOf(lsn))!.Value.ToArray();

    private static void WritePieces(SnapshotWriter writer, byte[] payload, Random random)
    {
        for (var at = 0; at < payload.Length;)
        {
            var count = Math.Min(payload.Length - at, random.Next(1, 400));
            if (random.Next(2) == 0)
            {
                writer.Write(payload.AsSpan(at, count));
            }
            else
            {
                payload.AsSpan(at, count).CopyTo(writer.GetSpan(count));
                writer.Advance(count);
            }

            at += count;
        }
    }
}

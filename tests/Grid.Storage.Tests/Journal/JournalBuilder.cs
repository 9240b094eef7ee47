using System.Text;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Storage.Tests.Journal;

/// <summary>A frame as a test remembers it.</summary>
internal sealed record ReadFrame(ulong Lsn, JournalFrameType Type, byte[] Payload, ulong LostThrough, string[] Symbols);

/// <summary>Small journals for tests: fixed time, fixed salts, small segments and buffers.</summary>
internal static class JournalBuilder
{
    public const uint FirstSalt = 0x5EED_0001;

    public static JournalOptions SmallOptions => new() { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest, BufferBytes = JournalOptions.BufferBytesLowest };

    public static IJournalDirectory NewFolder(int seed = 0) => new FaultyDisk(seed).Root.Subdirectory(JournalFormat.FolderName);

    public static JournalWriter Open(IJournalDirectory journal, ulong flushedLsnAtLeast = 0, JournalOptions? options = null)
    {
        var salt = FirstSalt;
        return JournalWriter.Open(journal, options ?? SmallOptions, FixedTime.Instance, () => salt++, flushedLsnAtLeast);
    }

    /// <summary>Appends frames whose payloads say their LSN, flushed in groups of the given sizes, and closes.</summary>
    public static void AppendGroups(IJournalDirectory journal, params int[] groups)
    {
        using var writer = Open(journal);
        foreach (var frames in groups)
        {
            for (var i = 0; i < frames; i++)
            {
                writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1));
            }

            writer.Flush();
        }

        writer.Close();
    }

    /// <summary>A payload that follows from the LSN; lengths vary so that padding does.</summary>
    public static byte[] PayloadOf(ulong lsn) => Encoding.ASCII.GetBytes($"frame {lsn} " + new string('.', (int)(lsn * 7 % 23)));

    public static List<ReadFrame> ReadAll(IJournalDirectory journal, ulong fromLsn = 0, ulong throughLsn = ulong.MaxValue)
    {
        using var reader = new JournalReader(journal, fromLsn, throughLsn);
        return ReadAll(reader);
    }

    public static List<ReadFrame> ReadAll(JournalReader reader)
    {
        var frames = new List<ReadFrame>();
        while (reader.TryRead(out var frame))
        {
            frames.Add(new ReadFrame(
                frame.Lsn, frame.Type, frame.Payload.ToArray(), frame.LostThrough, frame.Names is null ? [] : Symbols(frame.Names)));
        }

        return frames;
    }

    public static string[] Symbols(JournalNames names) =>
        [.. Enumerable.Range(0, names.Count(NameKind.Instrument)).Select(i => names.Text(NameKind.Instrument, i))];

    public static void AddSymbols(JournalDictionary dictionary, params string[] symbols)
    {
        foreach (var symbol in symbols)
        {
            dictionary.Add(NameKind.Instrument, Encoding.ASCII.GetBytes(symbol));
        }
    }

    public static byte[] Bytes(IJournalDirectory folder, string name) => folder.ReadAll(name)!.Value.ToArray();

    /// <summary>A folder with the same files on a disk of its own.</summary>
    public static IJournalDirectory Copy(IJournalDirectory from)
    {
        var to = NewFolder();
        foreach (var name in from.List())
        {
            to.Replace(name, Bytes(from, name));
        }

        return to;
    }

    /// <summary>Changes bytes of a file, durably.</summary>
    public static void Overwrite(IJournalDirectory folder, string name, Func<byte[], byte[]> change) =>
        folder.Replace(name, change(Bytes(folder, name)));

    public static void Flip(IJournalDirectory folder, string name, long offset, int bit = 0) => Overwrite(folder, name, bytes =>
    {
        bytes[offset] ^= (byte)(1 << bit);
        return bytes;
    });

    /// <summary>Offsets of all frames of a segment, and behind them its end.</summary>
    public static List<long> FrameOffsets(IJournalDirectory journal, ulong firstLsn)
    {
        using var scanner = SegmentScanner.Open(journal, firstLsn);
        var offsets = new List<long> { scanner.Offset };
        while (scanner.TryRead(out _, out _))
        {
            offsets.Add(scanner.Offset);
        }

        return offsets;
    }

    private sealed class FixedTime : TimeProvider
    {
        public static readonly FixedTime Instance = new();

        public override DateTimeOffset GetUtcNow() => new(2024, 1, 2, 3, 4, 5, TimeSpan.Zero);
    }
}

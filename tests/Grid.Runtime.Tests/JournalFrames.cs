using Grid.Storage.Journal;

namespace Grid.Runtime.Tests;

/// <summary>Finds and damages frames in the files of a journal.</summary>
internal static class JournalFrames
{
    /// <summary>The numbers of all frames of a type.</summary>
    public static List<ulong> Of(IJournalDirectory journal, JournalFrameType type)
    {
        var lsns = new List<ulong>();
        using var reader = new JournalReader(journal);
        while (reader.TryRead(out var frame))
        {
            if (frame.Type == type)
            {
                lsns.Add(frame.Lsn);
            }
        }

        return lsns;
    }

    /// <summary>Where a small frame begins: its number stands in its header, behind checksum and length.</summary>
    public static int Find(byte[] segment, ulong lsn)
    {
        var at = 64;
        while (BitConverter.ToUInt64(segment, at + 8) != lsn || BitConverter.ToUInt32(segment, at + 4) is 0 or >= 1000)
        {
            at += 8;
        }

        return at;
    }

    /// <summary>Damages a frame.</summary>
    public static void Flip(string path, ulong lsn)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[Find(bytes, lsn) + 33] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }
}

namespace Grid.Storage.Journal;

/// <summary>What can be said with the operations of any <see cref="IJournalDirectory"/>.</summary>
public static class JournalDirectoryExtensions
{
    private const string TemporarySuffix = ".new";

    /// <summary>All bytes of a file, or null if it does not exist.</summary>
    public static ReadOnlyMemory<byte>? ReadAll(this IJournalDirectory directory, string name)
    {
        if (!directory.Exists(name))
        {
            return null;
        }

        using var file = directory.OpenRead(name);
        var bytes = new byte[file.Length];
        var length = file.Read(0, bytes);
        return bytes.AsMemory(0, length);
    }

    /// <summary>
    /// Gives a file new contents, durably and at once: whoever reads it, also after a crash, finds all of the old or all
    /// of the new.
    /// </summary>
    public static void Replace(this IJournalDirectory directory, string name, ReadOnlySpan<byte> contents)
    {
        using (var file = directory.CreateTemporary(name))
        {
            file.Write(0, contents);
            file.Flush();
        }

        directory.PublishTemporary(name);
    }

    /// <summary>
    /// An empty file that is to take the place of <paramref name="name"/>: write it, flush it, dispose it or not, then
    /// call <see cref="PublishTemporary"/>. One left over by a crash is removed first.
    /// </summary>
    public static IJournalFile CreateTemporary(this IJournalDirectory directory, string name)
    {
        directory.Delete(name + TemporarySuffix);
        return directory.Create(name + TemporarySuffix);
    }

    /// <summary>Puts the flushed file made by <see cref="CreateTemporary"/> in its place, durably.</summary>
    public static void PublishTemporary(this IJournalDirectory directory, string name)
    {
        directory.Rename(name + TemporarySuffix, name);
        directory.Flush();
    }

    /// <summary>Gives back the space of a file that will not be published, if the disk lets it.</summary>
    public static void DiscardTemporary(this IJournalDirectory directory, string name)
    {
        try
        {
            directory.Delete(name + TemporarySuffix);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            // The failure that led here is the one to be told.
        }
    }

    /// <summary>True for a file that <see cref="CreateTemporary"/> made and nobody published.</summary>
    public static bool IsTemporary(string name) => name.EndsWith(TemporarySuffix, StringComparison.Ordinal);
}

using Grid.Storage.Journal;

namespace Grid.Storage.HotStore;

/// <summary>
/// The files of a hot store that somebody may be appending to meanwhile, each kept open, so that what is dropped can still be
/// read. A copy of any moment after a checkpoint is good for that checkpoint's position: what changes in a file afterwards lies
/// behind it, or is what opening there forgets.
/// </summary>
public sealed class HotStoreFiles : IDisposable
{
    private readonly SortedDictionary<long, IJournalFile> _held = [];

    private HotStoreFiles()
    {
    }

    /// <summary>Holds all files of a store's folder.</summary>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public static HotStoreFiles Hold(IJournalDirectory folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var files = new HotStoreFiles();
        try
        {
            foreach (var name in folder.List())
            {
                if (HotFolder.TryParseName(name, out var index))
                {
                    files.TryHold(folder, name, index);
                }
            }

            return files;
        }
        catch (Exception failure)
        {
            files.Dispose();
            throw failure is IOException or UnauthorizedAccessException
                ? new GridStorageException($"the hot store in '{folder.Path}' cannot be held for reading: {failure.Message}", innerException: failure)
                : failure;
        }
    }

    /// <summary>What of the files opening at a position may need: each file's name, its bytes and how many of them.</summary>
    /// <exception cref="GridStorageException">A file is damaged, or cannot be read.</exception>
    public IReadOnlyList<(string Name, IJournalFile File, long Bytes)> UpTo(HotStorePosition position)
    {
        var found = new List<(string, IJournalFile, long)>();
        var extentBytes = long.MaxValue;
        foreach (var (index, file) in _held.Where(_ => position != HotStorePosition.Start))
        {
            if (found.Count > 0 && index >= (position.Offset + extentBytes - 1) / extentBytes)
            {
                // Begun after the position, as all that follow: it may still be in the making.
                break;
            }

            extentBytes = ReadExtentBytes(file, index, out var fault);
            if (fault is not null)
            {
                throw Damaged(file.Path, fault);
            }

            var bytes = Math.Min(extentBytes, position.Offset - (index * extentBytes));
            if (bytes > 0)
            {
                found.Add((HotFolder.NameOf(index), file, bytes));
            }
        }

        return found;
    }

    /// <summary>Checks that a file, or the first part of one, is of a hot store and has the place that its name says.</summary>
    /// <exception cref="GridStorageException">It is not.</exception>
    public static void Check(IJournalDirectory folder, string name)
    {
        ArgumentNullException.ThrowIfNull(folder);
        using var file = folder.OpenRead(name);
        var fault = "its name is no extent's";
        if (!HotFolder.TryParseName(name, out var index) || ReadExtentBytes(file, index, out fault) == 0 || fault is not null)
        {
            throw Damaged(file.Path, fault!);
        }
    }

    /// <summary>Makes the first part of a file as long as the store's files are, the space taken, so that it can be opened.</summary>
    /// <exception cref="GridStorageException">The file is damaged, or the disk has no room.</exception>
    public static void Complete(IJournalDirectory folder, string name)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            using var file = folder.OpenWrite(name);
            _ = HotFolder.TryParseName(name, out var index);
            var bytes = ReadExtentBytes(file, index, out var fault);
            if (fault is not null)
            {
                throw Damaged(file.Path, fault);
            }

            file.Preallocate(bytes);
            file.Flush();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"'{name}' of the hot store in '{folder.Path}' cannot be completed: {failure.Message}", innerException: failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _held.Values)
        {
            file.Dispose();
        }

        _held.Clear();
    }

    private void TryHold(IJournalDirectory folder, string name, long index)
    {
        try
        {
            _held.Add(index, folder.OpenRead(name));
        }
        catch (FileNotFoundException)
        {
            // Dropped since it was listed: older than anything that the newest snapshot relies on.
        }
    }

    private static long ReadExtentBytes(IJournalFile file, long index, out string? fault)
    {
        Span<byte> header = stackalloc byte[HotExtentHeader.Bytes];
        header = header[..file.Read(0, header)];
        var bytes = HotExtentHeader.ExtentBytes(header);
        fault = HotExtentHeader.Fault(header, bytes, index);
        return bytes;
    }

    private static GridStorageException Damaged(string path, string fault) => new($"'{path}' of the hot store is damaged: {fault}");
}

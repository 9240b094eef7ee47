using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>The journal that outlived the data folder of a backup: what was written after the backup comes from there.</summary>
internal static class SurvivingJournal
{
    private const int CompareBytes = 1 << 20;

    /// <summary>Puts what follows in a surviving journal behind a backup's journal, of which a copy was made.</summary>
    /// <param name="path">The surviving data folder, or the folder <c>journal</c> in it.</param>
    /// <param name="set">The backup.</param>
    /// <param name="target">Where the backup's journal was restored to.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">It is another grid's journal, or does not reach back to the backup; or it is damaged.</exception>
    public static void Join(string path, BackupSet set, RestoreFolder target, CancellationToken cancel)
    {
        path = Path.GetFullPath(path);
        path = Directory.Exists(Path.Combine(path, JournalFormat.FolderName)) ? Path.Combine(path, JournalFormat.FolderName) : path;
        if (!Directory.Exists(path))
        {
            throw new GridStorageException($"the journal's folder '{path}' does not exist");
        }

        using var hold = JournalHold.Take(new DiskDirectory(path));
        var segments = hold.ReadSegments();
        var journal = target.Subfolder(JournalFormat.FolderName);
        var last = set.Manifest.Files.Select(f => f.Path).Where(BackupLayout.IsJournal).Max(StringComparer.Ordinal)!;
        var lastName = Path.GetFileName(last);
        var through = set.Manifest.Journal.LastLsn;
        var at = segments.ToList().FindIndex(s => s.FileName == lastName);
        if (at >= 0)
        {
            // The backup's last segment was being written: it goes on in the same file, after the same bytes.
            RequireSame(segments[at], set.Place(last), set.Manifest.Files.Single(f => f.Path == last).Bytes, path, cancel);
            journal.Delete(lastName);
        }
        else
        {
            at = segments.ToList().FindIndex(s => s.FirstLsn == through + 1);
            if (at < 0)
            {
                throw new GridStorageException(segments.Count > 0 && segments[0].FirstLsn > through
                    ? $"journal '{path}' begins with frame {segments[0].FirstLsn}, and the backup's ends with frame {through}: what was between them is missing"
                    : $"journal '{path}' does not go on where the backup's ends, with frame {through}: it is another grid's, or was repaired since");
            }
        }

        foreach (var segment in segments.Skip(at))
        {
            HashedCopy.Write(segment.File, segment.Bytes, target.Place(BackupLayout.JournalPath(segment.FileName)), cancel);
        }
    }

    private static void RequireSame(HeldSegment segment, string path, long bytes, string journal, CancellationToken cancel)
    {
        // A segment without a frame may have been begun anew.
        if (bytes <= JournalFormat.SegmentHeaderBytes)
        {
            return;
        }

        using var ours = new DiskDirectory(Path.GetDirectoryName(path)!).OpenRead(Path.GetFileName(path));
        var (mine, theirs) = (new byte[CompareBytes], new byte[CompareBytes]);
        for (long at = 0; at < bytes; at += CompareBytes)
        {
            cancel.ThrowIfCancellationRequested();
            var count = (int)Math.Min(CompareBytes, bytes - at);
            ours.Read(at, mine.AsSpan(0, count));
            var read = at + count <= segment.Bytes ? segment.File.Read(at, theirs.AsSpan(0, count)) : 0;
            if (!mine.AsSpan(0, count).SequenceEqual(theirs.AsSpan(0, read)))
            {
                throw new GridStorageException($"journal '{journal}' is not the one that the backup was made of: '{segment.FileName}' has other contents there from offset {at} on");
            }
        }
    }
}

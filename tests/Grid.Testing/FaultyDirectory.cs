using Grid.Storage.Journal;

namespace Grid.Testing;

/// <summary>A folder of a <see cref="FaultyDisk"/>.</summary>
internal sealed class FaultyDirectory(FaultyDisk disk, string path) : IJournalDirectory
{
    // Names as the process sees them, and as they are on the disk; between the two the changes not yet flushed.
    private SortedDictionary<string, FaultyContents> _now = new(StringComparer.Ordinal);
    private SortedDictionary<string, FaultyContents> _durable = new(StringComparer.Ordinal);
    private readonly List<Action<SortedDictionary<string, FaultyContents>>> _pending = [];
    private readonly Dictionary<string, FaultyDirectory> _subdirectories = [];

    public string Path => path;

    public Dictionary<string, string> Locks { get; } = [];

    public long BytesUsed => _now.Values.Sum(contents => contents.Length);

    public IReadOnlyList<string> List() => [.. _now.Keys];

    public bool Exists(string name) => _now.ContainsKey(name);

    public IJournalFile Create(string name)
    {
        disk.Operate();
        if (Exists(name))
        {
            throw new IOException($"The file '{path}/{name}' already exists.");
        }

        var contents = new FaultyContents();
        Change(entries => entries[name] = contents);
        return new FaultyFile(disk, contents, $"{path}/{name}", canWrite: true);
    }

    public IJournalFile OpenRead(string name) => new FaultyFile(disk, Find(name), $"{path}/{name}", canWrite: false);

    public IJournalFile OpenWrite(string name) => new FaultyFile(disk, Find(name), $"{path}/{name}", canWrite: true);

    public void Rename(string from, string to)
    {
        disk.Operate();
        var contents = Find(from);
        Change(entries =>
        {
            RemoveIf(entries, from, contents);
            entries[to] = contents;
        });
    }

    public void Delete(string name)
    {
        disk.Operate();
        if (_now.TryGetValue(name, out var contents))
        {
            Change(entries => RemoveIf(entries, name, contents));
        }
    }

    public void Flush()
    {
        disk.Operate();
        _durable = new(_now, StringComparer.Ordinal);
        _pending.Clear();
    }

    public IJournalDirectory Subdirectory(string name)
    {
        if (!_subdirectories.TryGetValue(name, out var directory))
        {
            directory = disk.NewDirectory($"{path}/{name}");
            _subdirectories.Add(name, directory);
        }

        return directory;
    }

    public IDisposable? TryLock(string name, string note, out string? holder)
    {
        if (Locks.TryGetValue(name, out holder))
        {
            return null;
        }

        Locks.Add(name, note);
        return new Release(this, name);
    }

    public void Crash(Random random)
    {
        // Some file systems keep such changes in order, so that a first part of them is kept; some do not.
        var keepsOrder = random.Next(2) == 0;
        var kept = random.Next(_pending.Count + 1);
        for (var i = 0; i < _pending.Count; i++)
        {
            if (keepsOrder ? i < kept : random.Next(2) == 0)
            {
                _pending[i](_durable);
            }
        }

        _pending.Clear();
        _now = new(_durable, StringComparer.Ordinal);
        foreach (var contents in _now.Values)
        {
            contents.Crash(random);
        }
    }

    public FaultyContents Find(string name) =>
        _now.TryGetValue(name, out var contents)
            ? contents
            : throw new FileNotFoundException($"Could not find file '{path}/{name}'.");

    private void Change(Action<SortedDictionary<string, FaultyContents>> change)
    {
        change(_now);
        _pending.Add(change);
    }

    private static void RemoveIf(SortedDictionary<string, FaultyContents> entries, string name, FaultyContents contents)
    {
        if (entries.TryGetValue(name, out var found) && found == contents)
        {
            entries.Remove(name);
        }
    }

    private sealed class Release(FaultyDirectory directory, string name) : IDisposable
    {
        public void Dispose() => directory.Locks.Remove(name);
    }
}

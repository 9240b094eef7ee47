namespace Grid.Storage.Journal;

/// <summary>A folder on a disk.</summary>
public sealed class DiskDirectory : IJournalDirectory
{
    /// <summary>A folder, created with its parents if it is missing.</summary>
    public DiskDirectory(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(Path))
        {
            CreateDurably(Path);
        }
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> List()
    {
        var names = Directory.EnumerateFiles(Path).Select(System.IO.Path.GetFileName).OfType<string>().ToArray();
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    /// <inheritdoc/>
    public bool Exists(string name) => File.Exists(InFolder(name));

    /// <inheritdoc/>
    public IJournalFile Create(string name) => Open(name, FileMode.CreateNew, FileAccess.ReadWrite);

    /// <inheritdoc/>
    public IJournalFile OpenRead(string name) => Open(name, FileMode.Open, FileAccess.Read);

    /// <inheritdoc/>
    public IJournalFile OpenWrite(string name) => Open(name, FileMode.Open, FileAccess.ReadWrite);

    /// <inheritdoc/>
    public void Rename(string from, string to) => File.Move(InFolder(from), InFolder(to), overwrite: true);

    /// <inheritdoc/>
    public void Delete(string name) => File.Delete(InFolder(name));

    /// <inheritdoc/>
    public void Flush() => LinuxFiles.FlushDirectory(Path);

    /// <inheritdoc/>
    public IJournalDirectory Subdirectory(string name) => new DiskDirectory(InFolder(name));

    /// <inheritdoc/>
    public IDisposable? TryLock(string name, string note, out string? holder)
    {
        // The note has a file of its own, because nobody else can read one that is locked.
        var (path, notePath) = (InFolder(name), InFolder(name + ".owner"));
        holder = null;
        try
        {
            var taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(notePath, note);
            return taken;
        }
        catch (IOException) when (File.Exists(path))
        {
            holder = File.Exists(notePath) ? File.ReadAllText(notePath) : "";
            return null;
        }
    }

    private static void CreateDurably(string path)
    {
        var parent = System.IO.Path.GetDirectoryName(path);
        if (parent is not null && !Directory.Exists(parent))
        {
            CreateDurably(parent);
        }

        Directory.CreateDirectory(path);
        if (parent is not null)
        {
            LinuxFiles.FlushDirectory(parent);
        }
    }

    private DiskFile Open(string name, FileMode mode, FileAccess access)
    {
        var path = InFolder(name);
        var handle = File.OpenHandle(
            path, mode, access, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
        return new DiskFile(handle, path);
    }

    private string InFolder(string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
        {
            throw new ArgumentException($"'{name}' is not a plain file name");
        }

        return System.IO.Path.Combine(Path, name);
    }
}

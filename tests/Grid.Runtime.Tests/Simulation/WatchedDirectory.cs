using Grid.Storage.Journal;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>What is done to a folder or one of its files.</summary>
internal enum DiskOperation
{
    Create,
    Write,
    FlushFile,
    Rename,
    Delete,
    FlushFolder,
}

/// <summary>Is told of each operation before it is done and after; throws to let it not happen or not return.</summary>
internal delegate void DiskWatch(string folder, string name, DiskOperation operation, bool isDone);

/// <summary>A folder that tells what is done to it.</summary>
internal sealed class WatchedDirectory(IJournalDirectory inner, string folder, DiskWatch watch) : IJournalDirectory
{
    public string Path => inner.Path;

    public IReadOnlyList<string> List() => inner.List();

    public bool Exists(string name) => inner.Exists(name);

    public IJournalFile Create(string name)
    {
        watch(folder, name, DiskOperation.Create, isDone: false);
        return new WatchedFile(this, inner.Create(name), name);
    }

    public IJournalFile OpenRead(string name) => inner.OpenRead(name);

    public IJournalFile OpenWrite(string name) => new WatchedFile(this, inner.OpenWrite(name), name);

    public void Rename(string from, string to) => Do(to, DiskOperation.Rename, () => inner.Rename(from, to));

    public void Delete(string name) => Do(name, DiskOperation.Delete, () => inner.Delete(name));

    public void Flush() => Do("", DiskOperation.FlushFolder, inner.Flush);

    public IJournalDirectory Subdirectory(string name) => new WatchedDirectory(inner.Subdirectory(name), name, watch);

    public IDisposable? TryLock(string name, string note, out string? holder) => inner.TryLock(name, note, out holder);

    private void Do(string name, DiskOperation operation, Action action)
    {
        watch(folder, name, operation, isDone: false);
        action();
        watch(folder, name, operation, isDone: true);
    }

    private sealed class WatchedFile(WatchedDirectory directory, IJournalFile inner, string name) : IJournalFile
    {
        public string Path => inner.Path;

        public long Length => inner.Length;

        public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            inner.Write(offset, bytes);
            directory.Told(name, DiskOperation.Write);
        }

        public void SetLength(long length) => inner.SetLength(length);

        public void Preallocate(long length) => inner.Preallocate(length);

        public void Flush() => directory.Do(name, DiskOperation.FlushFile, inner.Flush);

        public void Dispose() => inner.Dispose();
    }

    private void Told(string name, DiskOperation operation) => watch(folder, name, operation, isDone: true);
}

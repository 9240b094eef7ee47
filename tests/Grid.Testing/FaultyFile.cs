using Grid.Storage.Journal;

namespace Grid.Testing;

/// <summary>An open file of a <see cref="FaultyDisk"/>.</summary>
internal sealed class FaultyFile(FaultyDisk disk, FaultyContents contents, string path, bool canWrite) : IJournalFile
{
    private readonly int _boot = disk.Boots;
    private bool _isClosed;

    public string Path => path;

    public long Length => contents.Length;

    public int Read(long offset, Span<byte> buffer)
    {
        CheckOpen();
        return contents.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        CheckWritable();
        var admitted = disk.Admit(this, offset + bytes.Length, bytes.Length, out var failure);
        contents.Write(offset, bytes[..admitted]);
        if (failure is not null)
        {
            throw failure;
        }
    }

    public void SetLength(long length)
    {
        CheckWritable();
        contents.SetLength(length);
    }

    public void Preallocate(long length)
    {
        CheckWritable();
        disk.Admit(this, length, 0, out var failure);
        if (failure is not null)
        {
            throw failure;
        }

        contents.SetLength(Math.Max(length, contents.Length));
    }

    public void Flush()
    {
        CheckWritable();
        if (disk.FlushFails())
        {
            contents.FailFlush(disk.Random);
            throw FaultyDisk.FlushFailure(path);
        }

        contents.Flush();
    }

    public void Dispose() => _isClosed = true;

    private void CheckOpen()
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_boot != disk.Boots)
        {
            throw new IOException($"'{path}' was opened before the power failed");
        }
    }

    private void CheckWritable()
    {
        CheckOpen();
        if (!canWrite)
        {
            throw new UnauthorizedAccessException($"'{path}' is open for reading only");
        }

        disk.Operate();
    }
}

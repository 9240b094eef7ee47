using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.Journal;

/// <summary>A file on a disk.</summary>
internal sealed class DiskFile(SafeFileHandle handle, string path) : IJournalFile
{
    public string Path => path;

    public long Length => RandomAccess.GetLength(handle);

    public int Read(long offset, Span<byte> buffer)
    {
        var filled = 0;
        while (filled < buffer.Length)
        {
            var read = RandomAccess.Read(handle, buffer[filled..], offset + filled);
            if (read == 0)
            {
                break;
            }

            filled += read;
        }

        return filled;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

    public void SetLength(long length) => RandomAccess.SetLength(handle, length);

    public void Preallocate(long length)
    {
        if (!LinuxFiles.TryAllocate(handle, path, length))
        {
            RandomAccess.SetLength(handle, length);
        }
    }

    public void Flush() => RandomAccess.FlushToDisk(handle);

    public void Dispose() => handle.Dispose();
}

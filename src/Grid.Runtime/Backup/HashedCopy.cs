using System.Buffers;
using System.Security.Cryptography;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>Copies files durably, for their owner's eyes, and says what their hash is; the folders around them are the caller's to flush.</summary>
internal static class HashedCopy
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Copies the first bytes of a file into a new one; gives their SHA-256 in lower-case hexadecimal.</summary>
    /// <exception cref="GridStorageException">The file has fewer.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static string Write(IJournalFile from, long bytes, string path, CancellationToken cancel)
    {
        using var to = Create(path);
        var hash = Read(from, bytes, part => Append(to, part), cancel);
        to.Flush(flushToDisk: true);
        return hash;
    }

    /// <summary>Writes a new file.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static string Write(ReadOnlySpan<byte> contents, string path)
    {
        using var to = Create(path);
        to.Write(contents);
        to.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(SHA256.HashData(contents));
    }

    /// <summary>The hash of the first bytes of a file.</summary>
    /// <exception cref="GridStorageException">The file has fewer.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static string Read(IJournalFile from, long bytes, CancellationToken cancel) => Read(from, bytes, static _ => { }, cancel);

    /// <summary>A new file for its owner alone, with the folders it lies in.</summary>
    public static FileStream Create(string path)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = BackupLayout.FileMode;
        }

        return new FileStream(path, options);
    }

    /// <summary>A folder for its owner alone, if it is not there.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, BackupLayout.FolderMode);
        }
    }

    private delegate void Take(ReadOnlySpan<byte> part);

    // A file system that takes no file so large is a disk that refuses, like a full one.
    private static void Append(FileStream to, ReadOnlySpan<byte> part)
    {
        try
        {
            to.Write(part);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new IOException($"'{to.Name}' is too large for its file system", e);
        }
    }

    private static string Read(IJournalFile from, long bytes, Take take, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (long at = 0; at < bytes;)
            {
                cancel.ThrowIfCancellationRequested();
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - at));
                var read = from.Read(at, part);
                if (read == 0)
                {
                    throw new GridStorageException($"'{from.Path}' ends after {at} bytes, where {bytes} were expected");
                }

                hash.AppendData(part[..read]);
                take(part[..read]);
                at += read;
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

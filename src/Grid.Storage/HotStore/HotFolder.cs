using System.Globalization;
using Grid.Storage.Journal;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.HotStore;

/// <summary>The files of a hot store: one per extent, called by its index in 16 hex digits.</summary>
internal sealed class HotFolder
{
    private const string Suffix = ".hot";
    private const int ZeroBytes = 1 << 20;

    // A step holds up other changes of the process's mappings, and its processor where the kernel does not preempt itself: for about 0.1 ms,
    // and much longer on a virtual machine whose host has to find the memory first (64 MB were seen to take 107 ms). Between steps others have it.
    private const long PopulateStepBytes = 128 << 10;
    private static readonly TimeSpan PopulateRest = TimeSpan.FromMilliseconds(1);

    private readonly bool _isReadOnly;

    // Held while an extent is written.
    private readonly Lock _writing = new();
    private bool _isClosed;

    // Extents that wait to be written, with their files open. Under a gate that nobody holds for long, as the appending thread takes it.
    private readonly object _queue = new();
    private int _queued;

    // Of Changes, what is known to be on the disk; and what was said when a flush failed. Written by whoever flushes.
    private long _flushed = -1;
    private string? _failure;

    public HotFolder(string path, long extentBytes, HotStorePosition position, bool isReadOnly)
    {
        Path = System.IO.Path.GetFullPath(path);
        ExtentBytes = extentBytes;
        _isReadOnly = isReadOnly;
        if (!isReadOnly)
        {
            Try($"cannot make folder '{Path}' for the hot store", () => new DiskDirectory(Path));
        }

        if (position != HotStorePosition.Start)
        {
            ExtentBytes = Try($"cannot read the hot store in '{Path}'", FindExtentBytes) ?? extentBytes;
        }
    }

    public string Path { get; }

    /// <summary>Extents made by the writer.</summary>
    public long Changes { get; set; }

    /// <summary>False if extents are plain memory, whose making costs nothing that could be done ahead.</summary>
    public bool MakesFiles => !_isReadOnly;

    public long ExtentBytes { get; }

    public static string NameOf(long index) => index.ToString("x16", CultureInfo.InvariantCulture) + Suffix;

    public static bool TryParseName(string name, out long index)
    {
        index = 0;
        return name.Length == 16 + Suffix.Length
            && long.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out index)
            && NameOf(index) == name;
    }

    public string FileOf(long index) => System.IO.Path.Combine(Path, NameOf(index));

    /// <summary>Indexes of the extents that have a file, in no order.</summary>
    public List<long> List()
    {
        var found = new List<long>();
        if (Directory.Exists(Path))
        {
            foreach (var path in Directory.EnumerateFiles(Path, "*" + Suffix))
            {
                if (TryParseName(System.IO.Path.GetFileName(path), out var index))
                {
                    found.Add(index);
                }
            }
        }

        return found;
    }

    /// <summary>Opens an existing extent; null if it has no file.</summary>
    /// <exception cref="GridStorageException">It is no extent of this store, or cannot be read.</exception>
    public HotExtent? Open(long index)
    {
        var path = FileOf(index);
        if (!File.Exists(path))
        {
            return null;
        }

        return Try($"cannot open '{path}' of the hot store", () =>
        {
            var access = _isReadOnly ? FileAccess.Read : FileAccess.ReadWrite;
            var file = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
            try
            {
                var fault = Fault(file, index);
                if (fault is not null)
                {
                    throw new GridStorageException($"cannot open '{path}' of the hot store: {fault}. "
                        + "Delete the file to go on without the history in it.");
                }

                return HotExtent.Map(index, path, file, ExtentBytes, isNew: false);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        });
    }

    /// <summary>Makes a new extent, its space taken on the disk, so that no later write to it finds the disk full.</summary>
    /// <param name="index">Its index.</param>
    /// <exception cref="GridStorageException">The disk has no room for it; nothing is left behind.</exception>
    public HotExtent Create(long index)
    {
        var path = FileOf(index);
        return _isReadOnly
            ? HotExtent.InMemory(index, path, ExtentBytes)
            : Try($"cannot make '{path}' of the hot store, which needs {ExtentBytes} bytes of disk", () => CreateFile(index, path));
    }

    /// <summary>Makes a new extent on another thread, with its memory taken, so that whoever writes there later does not stop for each page.</summary>
    /// <param name="index">Its index.</param>
    /// <param name="urgency">How much of the time that there is has passed, 0 to 1: taking memory keeps ahead of it, and rests otherwise.</param>
    /// <exception cref="GridStorageException">The disk has no room for it; nothing is left behind.</exception>
    public Task<HotExtent> CreateAhead(long index, Func<double> urgency)
    {
        var made = new TaskCompletionSource<HotExtent>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = BackgroundThread.Run("grid hot ahead", () =>
        {
            try
            {
                var extent = Create(index);
                Populate(extent, urgency);
                made.SetResult(extent);
            }
            catch (GridStorageException refused)
            {
                made.SetException(refused);
            }
        });
        return made.Task;
    }

    public void Delete(long index)
    {
        if (!_isReadOnly)
        {
            var path = FileOf(index);
            Try($"cannot delete '{path}' of the hot store", () =>
            {
                File.Delete(path);
                return true;
            });
        }
    }

    /// <summary>Makes creations durable, at least those up to a value of <see cref="Changes"/>.</summary>
    public void Flush(long changes)
    {
        if (!_isReadOnly && Volatile.Read(ref _flushed) < changes)
        {
            LinuxFiles.FlushDirectory(Path);
            Volatile.Write(ref _flushed, changes);
        }
    }

    /// <summary>Writes what an extent has handed over to its file; false if the folder is closed.</summary>
    /// <exception cref="GridStorageException">The disk refused; <see cref="ThrowIfFlushFailed"/> says so from now on.</exception>
    public bool Write(HotExtent extent)
    {
        lock (_writing)
        {
            if (!_isClosed)
            {
                Flush(extent.Path, extent.Write);
            }

            return !_isClosed;
        }
    }

    /// <summary>Writes what an extent has handed over on another thread, and releases it. If the disk refuses, the next checkpoint says so.</summary>
    public void WriteSoon(HotExtent extent)
    {
        lock (_queue)
        {
            _queued++;
        }

        _ = BackgroundThread.Run("grid hot write", () => WriteQueued(extent));
    }

    /// <summary>Flushes something in the folder.</summary>
    /// <exception cref="GridStorageException">The disk refused; <see cref="ThrowIfFlushFailed"/> says so from now on.</exception>
    public void Flush(string path, Action flush)
    {
        try
        {
            flush();
        }
        catch (IOException failure)
        {
            var told = new GridStorageException($"cannot flush '{path}' of the hot store: {failure.Message}", innerException: failure);
            Volatile.Write(ref _failure, told.Message);
            throw told;
        }
    }

    /// <summary>Returns when nobody writes to a file any more, or waits to: somebody else may have the folder then.</summary>
    public void Close()
    {
        lock (_writing)
        {
            _isClosed = true;
        }

        lock (_queue)
        {
            Monitor.PulseAll(_queue);
            while (_queued > 0)
            {
                Monitor.Wait(_queue);
            }
        }
    }

    /// <exception cref="GridStorageException">An earlier flush failed.</exception>
    public void ThrowIfFlushFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new GridStorageException($"an earlier checkpoint failed, so that this one cannot be trusted: {failure}");
        }
    }

    private unsafe void Populate(HotExtent extent, Func<double> urgency)
    {
        for (long at = 0; at < ExtentBytes; at += PopulateStepBytes)
        {
            var bytes = Math.Min(PopulateStepBytes, ExtentBytes - at);
            if (!LinuxMemory.TryPopulate(extent.Address + at, bytes))
            {
                return;
            }

            if (at + bytes > ExtentBytes * urgency())
            {
                Rest();
            }
        }
    }

    // Until the folder is closed, at most.
    private void Rest()
    {
        lock (_queue)
        {
            if (!Volatile.Read(ref _isClosed))
            {
                Monitor.Wait(_queue, PopulateRest);
            }
        }
    }

    private void WriteQueued(HotExtent extent)
    {
        try
        {
            _ = Write(extent);
        }
        catch (GridStorageException)
        {
            // It is noted.
        }

        extent.Release();
        lock (_queue)
        {
            _queued--;
            Monitor.PulseAll(_queue);
        }
    }

    private long? FindExtentBytes()
    {
        Span<byte> header = stackalloc byte[HotExtentHeader.Bytes];
        foreach (var index in List())
        {
            using var file = File.OpenHandle(FileOf(index), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = HotExtentHeader.ExtentBytes(header[..RandomAccess.Read(file, header, 0)]);
            if (bytes > 0)
            {
                return bytes;
            }
        }

        return null;
    }

    private HotExtent CreateFile(long index, string path)
    {
        var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (!LinuxFiles.TryAllocate(file, path, ExtentBytes))
            {
                WriteZeros(file);
            }

            Span<byte> header = stackalloc byte[HotExtentHeader.Bytes];
            header.Clear();
            HotExtentHeader.Write(header, ExtentBytes, index);
            RandomAccess.Write(file, header, 0);
            return HotExtent.Map(index, path, file, ExtentBytes, isNew: true);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    // A file that was only made longer has no space yet: writing to it later could find the disk full.
    private void WriteZeros(SafeFileHandle file)
    {
        var zeros = new byte[Math.Min(ZeroBytes, ExtentBytes)];
        for (long at = 0; at < ExtentBytes; at += zeros.Length)
        {
            RandomAccess.Write(file, zeros, at);
        }
    }

    private string? Fault(SafeFileHandle file, long index)
    {
        var length = RandomAccess.GetLength(file);
        Span<byte> header = stackalloc byte[HotExtentHeader.Bytes];
        header = header[..RandomAccess.Read(file, header, 0)];
        return HotExtentHeader.Fault(header, ExtentBytes, index)
            ?? (length == ExtentBytes ? null : $"it has {length} bytes and must have {ExtentBytes}");
    }

    private static T Try<T>(string what, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"{what}: {failure.Message}", innerException: failure);
        }
    }
}

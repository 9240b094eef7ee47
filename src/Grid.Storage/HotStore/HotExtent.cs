using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.HotStore;

/// <summary>
/// The bytes of one extent in memory: a mapped file, or plain memory where the folder must not change. They stay until
/// the last reference is released, also when the store has dropped the extent and its file is gone.
/// </summary>
internal sealed unsafe class HotExtent
{
    private readonly SafeFileHandle? _file;
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;

    // The store has one; each reader that is inside has one. At 0 the bytes are gone, and it never grows again.
    private int _references = 1;

    // The highest version of Changes that is known to be on the disk. Written by whoever flushes.
    private long _flushed;

    private HotExtent(long index, string path, SafeFileHandle file, MemoryMappedFileAccess access, long bytes)
    {
        Index = index;
        Path = path;
        _file = file;
        try
        {
            _mapping = MemoryMappedFile.CreateFromFile(file, mapName: null, bytes, access, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, bytes, access);
            byte* address = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            Address = address + _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _mapping?.Dispose();
            throw;
        }
    }

    private HotExtent(long index, string path, byte* memory)
    {
        Index = index;
        Path = path;
        Address = memory;
    }

    /// <summary>Its place in the store: its first logical offset divided by the bytes of an extent.</summary>
    public long Index { get; }

    /// <summary>Where its file is or would be, for messages.</summary>
    public string Path { get; }

    /// <summary>Grows with each checkpoint that finds the extent changed. The writer's own.</summary>
    public long Changes { get; set; }

    /// <summary>False if <see cref="Changes"/> has grown beyond what was flushed. For the writer.</summary>
    public bool IsFlushed => Volatile.Read(ref _flushed) >= Changes;

    /// <summary>Its first byte; to be used only between <see cref="TryAddReference"/> and <see cref="Release"/>.</summary>
    public byte* Address { get; }

    /// <summary>Maps a file of exactly this many bytes; the handle is the extent's from then on, unless this throws.</summary>
    public static HotExtent Map(long index, string path, SafeFileHandle file, long bytes, bool isPrivate) =>
        new(index, path, file, isPrivate ? MemoryMappedFileAccess.CopyOnWrite : MemoryMappedFileAccess.ReadWrite, bytes);

    /// <summary>Zeroed memory that no file stands for.</summary>
    public static HotExtent InMemory(long index, string path, long bytes) =>
        new(index, path, (byte*)NativeMemory.AllocZeroed((nuint)bytes));

    /// <summary>Keeps the bytes; false if they are gone already.</summary>
    public bool TryAddReference()
    {
        var seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            var before = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Gives a reference back.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
        {
            Free();
        }
    }

    /// <summary>Returns when everything written is on the disk, at least as it was when <see cref="Changes"/> had this value.</summary>
    public void Flush(long changes)
    {
        if (_file is not null)
        {
            _view!.Flush();
            RandomAccess.FlushToDisk(_file);
        }

        // Flushes of one extent may overlap: one that began earlier must not take back what a later one knows.
        var seen = Volatile.Read(ref _flushed);
        while (seen < changes)
        {
            seen = Interlocked.CompareExchange(ref _flushed, changes, seen) is var before && before == seen ? changes : before;
        }
    }

    private void Free()
    {
        if (_view is null)
        {
            NativeMemory.Free(Address);
            return;
        }

        // The handle goes first: disposing of a view that is open would wait for the disk.
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.SafeMemoryMappedViewHandle.Dispose();
        _view.Dispose();
        _mapping!.Dispose();
        _file!.Dispose();
    }
}

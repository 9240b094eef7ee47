using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.HotStore;

/// <summary>
/// The bytes of one extent in memory. What is changed there reaches the file only by <see cref="Write"/>, so that the writer never waits
/// for the file system. A new extent is plain memory until it is given back; otherwise the mapping of the file is private, and pages that
/// were not changed are shared with the page cache. The bytes stay until the last reference is released, also when the store has dropped
/// the extent and its file is gone.
/// </summary>
internal sealed unsafe class HotExtent
{
    private readonly SafeFileHandle? _file;
    private readonly MemoryMappedFile? _mapping;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly HotPages _pages;

    // Words of pages behind which there is plain memory and no file; null if none is. For the writer.
    private readonly bool[]? _isMemory;

    // The store has one; each reader that is inside has one. At 0 the bytes are gone, and it never grows again.
    private int _references = 1;

    // How often something was handed over; of that, what is known to be in the file, and what on the disk.
    private long _changes;
    private long _written;
    private long _flushed;

    private HotExtent(long index, string path, SafeFileHandle file, long bytes, bool isNew)
    {
        Index = index;
        Path = path;
        _file = file;
        _pages = new HotPages(bytes, areOwn: isNew);
        try
        {
            const MemoryMappedFileAccess Access = MemoryMappedFileAccess.CopyOnWrite;
            _mapping = MemoryMappedFile.CreateFromFile(file, mapName: null, bytes, Access, HandleInheritability.None, leaveOpen: true);
            _view = _mapping.CreateViewAccessor(0, bytes, Access);
            byte* address = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref address);
            Address = address + _view.PointerOffset;
            if (isNew && LinuxMemory.TryReplace(Address, bytes))
            {
                _isMemory = new bool[_pages.Words];
                _isMemory.AsSpan().Fill(true);
                _ = RandomAccess.Read(file, new Span<byte>(Address, HotExtentHeader.Bytes), 0);
            }
        }
        catch
        {
            _view?.Dispose();
            _mapping?.Dispose();
            throw;
        }
    }

    private HotExtent(long index, string path, byte* memory, long bytes)
    {
        Index = index;
        Path = path;
        Address = memory;
        _pages = new HotPages(bytes, areOwn: true);
    }

    /// <summary>Its place in the store: its first logical offset divided by the bytes of an extent.</summary>
    public long Index { get; }

    /// <summary>Where its file is or would be, for messages.</summary>
    public string Path { get; }

    /// <summary>False if something was handed over that is not in the file yet. For the writer.</summary>
    public bool IsWritten => Volatile.Read(ref _written) == _changes;

    /// <summary>False if something was handed over that is not on the disk yet. For the writer.</summary>
    public bool IsFlushed => Volatile.Read(ref _flushed) == _changes;

    /// <summary>Pages whose memory is the extent's and not the page cache's. For the writer.</summary>
    public int OwnPages => _pages.Own;

    /// <summary>Words of <see cref="HotPages"/>.</summary>
    public int Words => _pages.Words;

    /// <summary>Its first byte; to be used only between <see cref="TryAddReference"/> and <see cref="Release"/>.</summary>
    public byte* Address { get; }

    /// <summary>Maps a file of exactly this many bytes; the handle is the extent's from then on, unless this throws.</summary>
    public static HotExtent Map(long index, string path, SafeFileHandle file, long bytes, bool isNew) => new(index, path, file, bytes, isNew);

    /// <summary>Zeroed memory that no file stands for.</summary>
    public static HotExtent InMemory(long index, string path, long bytes) =>
        new(index, path, (byte*)NativeMemory.AllocZeroed((nuint)bytes), bytes);

    /// <summary>Says that bytes have changed; gives how many pages take memory since then. For the writer.</summary>
    public int Mark(long from, long bytes) => _pages.Mark(from, bytes);

    /// <summary>Hands what is marked to whoever writes the file. For the writer.</summary>
    public void HandOver()
    {
        if (_pages.HandOver())
        {
            Volatile.Write(ref _changes, _changes + 1);
        }
    }

    /// <summary>
    /// Gives back the memory of pages of a word that the file has as they are, so that they are the file's again; tells how many.
    /// Only while <see cref="IsWritten"/>, and not where the writer appends without marking. Plain memory goes back a whole word at a time,
    /// or the process would have a mapping for each page. For the writer.
    /// </summary>
    public int Trim(int word)
    {
        var pages = _pages.Unchanged(word);
        var left = pages;
        if (_isMemory is not null && _isMemory[word])
        {
            if (pages != _pages.All)
            {
                return 0;
            }

            var (at, bytes) = HotPages.TakeRun(word, ref left);
            if (!LinuxMemory.TryPutBack(Address + at, bytes, _file!, at))
            {
                return 0;
            }

            _isMemory[word] = false;
        }

        while (left != 0)
        {
            var (at, bytes) = HotPages.TakeRun(word, ref left);
            if (!LinuxMemory.Forget(Address + at, bytes))
            {
                return 0;
            }
        }

        _pages.Disown(word, pages);
        return BitOperations.PopCount(pages);
    }

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

    /// <summary>Writes what was handed over to the file. By one thread at a time; the writer may go on meanwhile.</summary>
    /// <exception cref="IOException">The disk refused. What was to be written is then nobody's to write any more.</exception>
    public void Write()
    {
        // A run ends with its word, so that nothing holds the file system for long.
        var changes = Volatile.Read(ref _changes);
        for (var word = 0; word < _pages.Words; word++)
        {
            var pages = _pages.Take(word);
            while (pages != 0)
            {
                var (at, bytes) = HotPages.TakeRun(word, ref pages);
                RandomAccess.Write(_file!, new ReadOnlySpan<byte>(Address + at, (int)bytes), at);
            }
        }

        Volatile.Write(ref _written, changes);
    }

    /// <summary>Returns when everything that is in the file is on the disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Flush()
    {
        var written = Volatile.Read(ref _written);
        RandomAccess.FlushToDisk(_file!);

        // Flushes of one extent may overlap: one that began earlier must not take back what a later one knows.
        var seen = Volatile.Read(ref _flushed);
        while (seen < written)
        {
            seen = Interlocked.CompareExchange(ref _flushed, written, seen) is var before && before == seen ? written : before;
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

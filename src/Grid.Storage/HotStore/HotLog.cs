using System.Numerics;
using System.Runtime.CompilerServices;

namespace Grid.Storage.HotStore;

/// <summary>
/// The space of a hot store: logical offsets that grow for ever over extents, of which the newest
/// (as many as <see cref="HotStoreOptions.BytesMax"/> allows) are live. What is live depends on the position alone, so a store that
/// is replayed from a snapshot forgets at the same points as the first time.
/// </summary>
internal sealed unsafe class HotLog : IDisposable
{
    // The next extent is there when four fifths of the time that is left for it have passed, however fast the newest fills.
    private const double UrgentFrom = 1.25;

    private readonly HotFolder _folder;
    private readonly long _extentsMax;
    private readonly long _recoveryExtentsMax;
    private readonly int _shift;
    private readonly int _slotMask;

    // Extent i is in slot i & mask, or that slot is null. Written by the writer, read by anybody.
    private readonly HotExtent?[] _slots;

    // The writer's own. _addresses[slot] is 0 exactly where _slots is null. _liveFrom is at least 1, so that offset 0 is never live.
    private readonly nint[] _addresses;
    private readonly long _offsetMask;
    private long _liveFrom = 1;
    private long _position;
    private long _filesFrom;
    private bool _isDisposed;

    // The extent after the newest, being made by another thread since the newest is half full: making it takes
    // milliseconds, and taking its pages one by one would cost the writer more than all else it does.
    private Task<HotExtent>? _next;

    // What lies behind this is new as a whole, and in the newest extent; what changes before it is marked. 0 where no file is written.
    private long _newFrom;

    private readonly HotMemory _memory;

    // Oldest extent that a snapshot refers to. Written by anybody, read by the writer.
    private long _retainedFrom = long.MaxValue;

    public HotLog(HotFolder folder, HotStoreOptions options, HotStorePosition position)
    {
        _folder = folder;
        _shift = BitOperations.TrailingZeroCount(folder.ExtentBytes);
        _offsetMask = folder.ExtentBytes - 1;
        _extentsMax = Math.Max(2, options.BytesMax >> _shift);
        _recoveryExtentsMax = options.RecoveryBytesMax >> _shift;
        var slots = (int)BitOperations.RoundUpToPowerOf2((ulong)_extentsMax);
        _slotMask = slots - 1;
        _slots = new HotExtent?[slots];
        _addresses = new nint[slots];
        var pagesMax = folder.MakesFiles ? options.MemoryBytesMax >> HotPages.Shift : long.MaxValue;
        _memory = new HotMemory(_slots, pagesMax, Math.Max(1, (options.MemoryBytesMax >> _shift) / 2));
        try
        {
            Resume(position.Offset);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public HotStorePosition Position => new(_position);

    /// <summary>Extents that should have been live when the log was opened but had no file.</summary>
    public int MissingExtents { get; private set; }

    /// <summary>Extents that are live.</summary>
    public int LiveExtents { get; private set; }

    /// <summary>Bytes of the live extents.</summary>
    public long LiveBytes => (long)LiveExtents << _shift;

    /// <summary>Bytes of memory of the extents' own. For the writer.</summary>
    public long OwnBytes => _memory.Pages << HotPages.Shift;

    /// <summary>The address of a live block, about to be written; false if it has been dropped. For the writer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryLocate(long offset, out byte* address)
    {
        if ((ulong)(offset - _liveFrom) >= (ulong)(_position - _liveFrom))
        {
            address = null;
            return false;
        }

        var slot = (int)(offset >> _shift) & _slotMask;
        var extent = _addresses[slot];
        address = (byte*)extent + (offset & _offsetMask);
        return extent != 0;
    }

    /// <summary>Says that bytes of a live block were written. For the writer, after writing them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Wrote(long block, int at, int bytes)
    {
        if (block < _newFrom)
        {
            Mark(block + at, bytes);
        }
    }

    /// <summary>Takes the next bytes, a multiple of 256, for a block. For the writer.</summary>
    /// <exception cref="GridStorageException">A new extent is needed and cannot be made; nothing was taken.</exception>
    public long Allocate(int bytes, out byte* address)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, typeof(HotStore));
        var inside = _position & _offsetMask;
        if (inside == 0 || inside + bytes > _offsetMask + 1 - HotExtentHeader.SlackBytes)
        {
            BeginExtent();
        }

        var offset = _position;
        _position += bytes;
        if (_next is null && (_position & _offsetMask) > _offsetMask / 2)
        {
            PrepareNext();
        }

        if (_memory.IsOver)
        {
            _memory.GiveBackSome(_liveFrom >> _shift, _position >> _shift);
        }

        _ = TryLocate(offset, out address);
        return offset;
    }

    /// <summary>The extent that an offset lies in, kept until <see cref="HotExtent.Release"/>; null if it was dropped.</summary>
    public HotExtent? TryAcquire(long offset)
    {
        var index = offset >> _shift;
        var extent = Volatile.Read(ref _slots[(int)index & _slotMask]);
        return extent is not null && extent.Index == index && extent.TryAddReference() ? extent : null;
    }

    public bool IsInside(HotExtent extent, long offset) => offset >> _shift == extent.Index;

    /// <summary>Where an offset lies in its extent; negative if no block of this size can begin there.</summary>
    public long InsideExtent(long offset, int bytes)
    {
        var inside = offset & _offsetMask;
        return inside % HotBlock.SmallestBytes == 0
            && inside >= HotExtentHeader.Bytes
            && inside + bytes <= _offsetMask + 1 - HotExtentHeader.SlackBytes ? inside : -1;
    }

    /// <summary>What must be flushed for everything up to now to be durable. For the writer.</summary>
    public HotCheckpoint BeginCheckpoint()
    {
        var owed = new List<HotExtent>();
        if (_folder.MakesFiles)
        {
            foreach (var extent in _slots)
            {
                if (extent is not null)
                {
                    HandOver(extent);
                    if (!extent.IsFlushed && extent.TryAddReference())
                    {
                        owed.Add(extent);
                    }
                }
            }

            _newFrom = _position;
        }

        return new HotCheckpoint(Position, _folder, owed);
    }

    /// <summary>Says which is the oldest position that somebody may still open the folder at. From any thread.</summary>
    public void Retain(HotStorePosition oldest) => Volatile.Write(ref _retainedFrom, NeededFrom(oldest.Offset));

    public void Dispose()
    {
        _isDisposed = true;
        _liveFrom = _position;
        _folder.Close();
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            Withdraw(slot)?.Release();
        }

        if (TakeNext() is { } unused)
        {
            unused.Release();
            _folder.Delete(unused.Index);
        }
    }

    // Extents that are live when the next block goes to this position; Last is below First in an empty log.
    private (long First, long Last) LiveWindow(long position)
    {
        var last = position == 0 ? -1 : (position - 1) >> _shift;
        return (Math.Max(0, last - _extentsMax + 1), last);
    }

    // The first extent that opening at a position needs: none at the start.
    private long NeededFrom(long position) => position == 0 ? long.MaxValue : LiveWindow(position).First;

    private void Resume(long position)
    {
        var inside = position & _offsetMask;
        if (position < 0 || (inside != 0 && InsideExtent(position, 0) < 0))
        {
            throw new GridStorageException($"{position} is no position of the hot store in '{_folder.Path}', "
                + $"whose extents have {_folder.ExtentBytes} bytes");
        }

        var (first, last) = LiveWindow(position);
        foreach (var index in _folder.List())
        {
            if (index < first || index > last)
            {
                _folder.Delete(index);
            }
        }

        for (var index = first; index <= last; index++)
        {
            if (_folder.Open(index) is { } extent)
            {
                Publish(extent);
            }
            else
            {
                MissingExtents++;
            }
        }

        // Without the extent that it lies in, writing goes on in the next.
        var isThere = last < 0 || _slots[(int)last & _slotMask] is not null;
        _position = isThere ? position : (last + 1) << _shift;
        _newFrom = _folder.MakesFiles ? _position : 0;
        _liveFrom = Math.Max(1, first << _shift);
        _filesFrom = first;
        _retainedFrom = NeededFrom(position);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void BeginExtent()
    {
        var index = (_position + _offsetMask) >> _shift;

        // The oldest goes first: on a disk that is nearly full its space is the new one's.
        var first = Math.Max(0, index - _extentsMax + 1);
        for (var dropped = Math.Max(0, _liveFrom >> _shift); dropped < first; dropped++)
        {
            _liveFrom = (dropped + 1) << _shift;
            Drop((int)dropped & _slotMask);
        }

        DeleteFiles(first);
        var begun = TakeNext() ?? _folder.Create(index);
        if (_folder.MakesFiles)
        {
            WriteFull(index - 1);
            _newFrom = index << _shift;
        }

        Publish(begun);
        _folder.Changes++;
        _position = (index << _shift) + HotExtentHeader.Bytes;
    }

    // An extent that is full is written at once, and not only by the next checkpoint: then its memory can be given back, and
    // checkpoints have less to do.
    private void WriteFull(long index)
    {
        if (index >= 0 && _slots[(int)index & _slotMask] is { } full && full.Index == index && full.TryAddReference())
        {
            HandOver(full);
            _folder.WriteSoon(full);
        }
    }

    private void HandOver(HotExtent extent)
    {
        var begin = extent.Index << _shift;
        var from = Math.Max(_newFrom, begin);
        var to = Math.Min(_position, begin + _offsetMask + 1);
        if (from < to)
        {
            _memory.Pages += extent.Mark(from - begin, to - from);
        }

        extent.HandOver();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Mark(long offset, int bytes)
    {
        if (_slots[(int)(offset >> _shift) & _slotMask] is { } extent)
        {
            _memory.Pages += extent.Mark(offset & _offsetMask, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PrepareNext()
    {
        if (_folder.MakesFiles)
        {
            var begin = _position;
            var index = (_position >> _shift) + 1;
            var end = index << _shift;
            _next = _folder.CreateAhead(index, () => UrgentFrom * (Volatile.Read(ref _position) - begin) / (end - begin));
        }
    }

    // Null if it was not begun or could not be made; then the writer tries itself, and has the exception.
    private HotExtent? TakeNext()
    {
        var next = _next;
        _next = null;
        try
        {
            return next?.GetAwaiter().GetResult();
        }
        catch (GridStorageException)
        {
            return null;
        }
    }

    private void DeleteFiles(long first)
    {
        var spared = Math.Max(first - _recoveryExtentsMax, Math.Min(first, Volatile.Read(ref _retainedFrom)));
        for (; _filesFrom < spared; _filesFrom++)
        {
            _folder.Delete(_filesFrom);
        }
    }

    private void Publish(HotExtent extent)
    {
        var slot = (int)extent.Index & _slotMask;
        _addresses[slot] = (nint)extent.Address;
        _memory.Pages += extent.OwnPages;
        LiveExtents++;
        Volatile.Write(ref _slots[slot], extent);
    }

    // Unmapping takes milliseconds, which are not the writer's to wait.
    private void Drop(int slot)
    {
        if (Withdraw(slot) is { } extent)
        {
            _ = BackgroundThread.Run("grid hot drop", extent.Release);
        }
    }

    private HotExtent? Withdraw(int slot)
    {
        var extent = _slots[slot];
        if (extent is not null)
        {
            Volatile.Write(ref _slots[slot], null);
            _addresses[slot] = 0;
            _memory.Pages -= extent.OwnPages;
            LiveExtents--;
        }

        return extent;
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Grid.Domain.Dedup;

/// <summary>What a window knows of a sequence number.</summary>
public enum SequenceSeen : byte
{
    /// <summary>Not seen before; it is now.</summary>
    New = 0,

    /// <summary>Seen before.</summary>
    Duplicate = 1,

    /// <summary>Older than the window can tell.</summary>
    TooOld = 2,

    /// <summary>There is no room for a window of its domain.</summary>
    NoRoom = 3,
}

/// <summary>An unbroken run of sequence numbers, both ends included.</summary>
public readonly record struct SequenceRange(ulong First, ulong Last);

/// <summary>
/// The sequence numbers seen in one sequence domain of one instrument, as at most
/// <see cref="GridLimits.SequenceRangesMax"/> ranges, and at least 960 of them. Numbers may be sparse. What falls out at the old end is no longer
/// told apart from what was never seen: both are then too old.
/// </summary>
/// <remarks>In order and nearly in order is O(1); a late number costs a binary search and a move of the ranges after it.</remarks>
public sealed class SequenceWindow
{
    // A full window forgets so many of its oldest ranges at once: each look at them is a cache miss.
    private const int RangesForgottenAtOnce = 64;

    // Numbers up to _floor cannot be told. Every older range lies above it and below the tail, in order, with at least one
    // unseen number between neighbours. An empty window has _tailLast = 0 (sequence numbers start at 1).
    private ulong _floor;
    private ulong _tailFirst;
    private ulong _tailLast;

    // A ring of _count ranges that starts at _start; its length is a power of two.
    private SequenceRange[] _older = [];
    private int _start;
    private int _count;

    /// <summary>Ranges held.</summary>
    public int RangeCount => _tailLast == 0 ? 0 : _count + 1;

    /// <summary>Numbers up to this one cannot be told any more; 0 while all can.</summary>
    public ulong Floor => _floor;

    /// <summary>Highest number seen; 0 if none.</summary>
    public ulong Highest => _tailLast;

    /// <summary>Asks for a number (1 or more) and marks it as seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SequenceSeen Observe(ulong sequence)
    {
        if (sequence == _tailLast + 1 && _tailLast != 0)
        {
            _tailLast = sequence;
            return SequenceSeen.New;
        }

        return ObserveOutOfLine(sequence);
    }

    /// <summary>False if a number was certainly never seen. Marks nothing.</summary>
    public bool MayHaveSeen(ulong sequence)
    {
        if (sequence <= _floor)
        {
            return true;
        }

        if (sequence >= _tailFirst)
        {
            return sequence <= _tailLast;
        }

        var next = FirstEndingAt(sequence);
        return next < _count && At(next).First <= sequence;
    }

    /// <summary>Brings the window itself nearer to the processor.</summary>
    public void PrefetchSelf() => Fetch.Ahead(in _tailLast);

    /// <summary>Brings the place of the next range nearer to the processor: called some events ahead.</summary>
    public void Prefetch()
    {
        if (_older.Length > 0)
        {
            Fetch.Ahead(in At(_count));
        }
    }

    /// <summary>The ranges, oldest first.</summary>
    public IEnumerable<SequenceRange> Ranges()
    {
        for (var i = 0; i < _count; i++)
        {
            yield return At(i);
        }

        if (_tailLast != 0)
        {
            yield return new SequenceRange(_tailFirst, _tailLast);
        }
    }

    internal void Save(StateWriter writer)
    {
        writer.Put(_floor);
        writer.Put(RangeCount);

        // Most of a snapshot is ranges, and shards write them between events: the ring goes in two pieces, not one by one.
        var beforeWrap = Math.Min(_count, _older.Length - _start);
        writer.PutAll<SequenceRange>(_older.AsSpan(_start, beforeWrap));
        writer.PutAll<SequenceRange>(_older.AsSpan(0, _count - beforeWrap));
        if (_tailLast != 0)
        {
            writer.Put(new SequenceRange(_tailFirst, _tailLast));
        }
    }

    internal static SequenceWindow Load(ref StateReader reader)
    {
        var window = new SequenceWindow { _floor = reader.Take<ulong>() };
        var ranges = reader.TakeCount(GridLimits.SequenceRangesMax);
        for (var i = 0; i < ranges; i++)
        {
            var range = reader.Take<SequenceRange>();
            if (window._tailLast != 0)
            {
                window.PushTail();
            }

            window._tailFirst = range.First;
            window._tailLast = range.Last;
        }

        return window;
    }

    private SequenceSeen ObserveOutOfLine(ulong sequence)
    {
        if (sequence > _tailLast)
        {
            if (_tailLast != 0)
            {
                PushTail();
            }
            else if (sequence <= _floor)
            {
                return SequenceSeen.TooOld;
            }

            _tailFirst = sequence;
            _tailLast = sequence;
            return SequenceSeen.New;
        }

        return sequence >= _tailFirst ? SequenceSeen.Duplicate : ObserveLate(sequence);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SequenceSeen ObserveLate(ulong sequence)
    {
        if (sequence <= _floor)
        {
            return SequenceSeen.TooOld;
        }

        var next = FirstEndingAt(sequence);
        if (next < _count && At(next).First <= sequence)
        {
            return SequenceSeen.Duplicate;
        }

        Insert(next, sequence);
        return SequenceSeen.New;
    }

    // The first older range that ends at or after a number; _count stands for the tail.
    private int FirstEndingAt(ulong sequence)
    {
        int next = 0, end = _count;
        while (next < end)
        {
            var middle = (next + end) >>> 1;
            if (At(middle).Last < sequence)
            {
                next = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return next;
    }

    private void Insert(int next, ulong sequence)
    {
        var joinsBefore = next > 0 && At(next - 1).Last + 1 == sequence;
        var joinsTail = next == _count && _tailFirst == sequence + 1;
        var joinsAfter = next < _count && At(next).First == sequence + 1;
        if (joinsTail)
        {
            _tailFirst = joinsBefore ? At(next - 1).First : sequence;
            _count -= joinsBefore ? 1 : 0;
        }
        else if (joinsAfter)
        {
            At(next) = new SequenceRange(joinsBefore ? At(next - 1).First : sequence, At(next).Last);
            if (joinsBefore)
            {
                RemoveAt(next - 1);
            }
        }
        else if (joinsBefore)
        {
            At(next - 1) = new SequenceRange(At(next - 1).First, sequence);
        }
        else if (next == 0 && _count == GridLimits.SequenceRangesMax - 1)
        {
            // The window is full and the number would be its oldest range: it is taken, and is at once the limit of what can be told.
            _floor = sequence;
        }
        else
        {
            var forgotten = MakeRoom();
            if (forgotten > next)
            {
                // The place of the number is among what was just forgotten.
                return;
            }

            next -= forgotten;
            for (var i = _count; i > next; i--)
            {
                At(i) = At(i - 1);
            }

            At(next) = new SequenceRange(sequence, sequence);
            _count++;
        }
    }

    private void PushTail()
    {
        MakeRoom();
        At(_count) = new SequenceRange(_tailFirst, _tailLast);
        _count++;
    }

    private void RemoveAt(int index)
    {
        for (var i = index; i < _count - 1; i++)
        {
            At(i) = At(i + 1);
        }

        _count--;
    }

    // Gives how many of the oldest ranges were folded into the floor; all indexes went down by as many.
    private int MakeRoom()
    {
        if (_count == GridLimits.SequenceRangesMax - 1)
        {
            _floor = At(RangesForgottenAtOnce - 1).Last;
            _start = (_start + RangesForgottenAtOnce) & (_older.Length - 1);
            _count -= RangesForgottenAtOnce;
            return RangesForgottenAtOnce;
        }

        if (_count == _older.Length)
        {
            var grown = new SequenceRange[Math.Max(4, _older.Length * 2)];
            for (var i = 0; i < _count; i++)
            {
                grown[i] = At(i);
            }

            _older = grown;
            _start = 0;
        }

        return 0;
    }

    private ref SequenceRange At(int index) => ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_older), (_start + index) & (_older.Length - 1));
}

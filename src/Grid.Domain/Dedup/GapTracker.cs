using System.Runtime.CompilerServices;

namespace Grid.Domain.Dedup;

/// <summary>What a sequence number did to the gaps of its domain.</summary>
public enum GapChange : byte
{
    /// <summary>Nothing: the next number, or one that was not missing.</summary>
    None = 0,

    /// <summary>A gap is new.</summary>
    Opened = 1,

    /// <summary>A gap lost its first or last number.</summary>
    Narrowed = 2,

    /// <summary>A gap lost a number in its middle and is two now.</summary>
    Split = 3,

    /// <summary>A gap lost its only number.</summary>
    Closed = 4,
}

/// <summary>
/// The numbers that are missing in one contiguous sequence domain (source, channel, session). The first number seen may
/// be any: what lies before it is missing only once a lower number comes. While no gap is forgotten, the open gaps depend
/// on the numbers seen and not on their order.
/// </summary>
/// <remarks>The next number is O(1); a late one costs a binary search and a move of the gaps after it.</remarks>
public sealed class GapTracker
{
    /// <summary>Open gaps kept; beyond that the oldest are forgotten and counted.</summary>
    public const int GapsMax = 4096;

    // So many are forgotten at once, so that a feed full of holes does not move all gaps for each new one.
    private const int ForgottenAtOnce = GapsMax / 16;
    private const byte Version = 1;

    // Every number of [first, last] was seen, lies in one of gaps[0..count), or was forgotten. Gaps are ascending, not empty,
    // inside (first, last), with a seen number between neighbours. last is 0 until a number is seen.
    private SequenceRange[] _gaps = [];
    private int _count;
    private ulong _first;
    private ulong _last;

    /// <summary>Lowest number seen; 0 if none.</summary>
    public ulong First => _first;

    /// <summary>Highest number seen; 0 if none.</summary>
    public ulong Last => _last;

    /// <summary>The open gaps, ascending; valid until the next number.</summary>
    public ReadOnlySpan<SequenceRange> Open => _gaps.AsSpan(0, _count);

    /// <summary>Gaps that were forgotten because there were too many.</summary>
    public ulong ForgottenGaps { get; private set; }

    /// <summary>Numbers that were missing in them.</summary>
    public UInt128 ForgottenNumbers { get; private set; }

    /// <summary>Notes that a number was seen. 0 is no sequence number and is ignored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GapChange Observe(ulong sequence)
    {
        if (sequence > _last && sequence - _last == 1 && _last != 0)
        {
            _last = sequence;
            return GapChange.None;
        }

        return ObserveOutOfOrder(sequence);
    }

    /// <summary>Writes it; for <see cref="Load"/>.</summary>
    public void Save(StateWriter writer)
    {
        writer.Put(Version);
        writer.Put(_first);
        writer.Put(_last);
        writer.Put(ForgottenGaps);
        writer.Put(ForgottenNumbers);
        writer.Put(Open);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are not a tracker's.</exception>
    public static GapTracker Load(ref StateReader reader)
    {
        var version = reader.Take<byte>();
        if (version != Version)
        {
            throw new FormatException($"saved gaps have version {version}; this program knows {Version}");
        }

        return Of(reader.Take<ulong>(), reader.Take<ulong>(), reader.Take<ulong>(), reader.Take<UInt128>(), reader.TakeArray<SequenceRange>(GapsMax));
    }

    /// <summary>A tracker of what is known of a domain: the lowest and highest number seen, what was forgotten, and the open gaps, ascending.</summary>
    /// <exception cref="FormatException">The gaps are no tracker's.</exception>
    public static GapTracker Of(ulong first, ulong last, ulong forgottenGaps, UInt128 forgottenNumbers, SequenceRange[] gaps)
    {
        ArgumentNullException.ThrowIfNull(gaps);
        var tracker = new GapTracker
        {
            _first = first,
            _last = last,
            ForgottenGaps = forgottenGaps,
            ForgottenNumbers = forgottenNumbers,
            _gaps = gaps,
            _count = gaps.Length,
        };
        var seen = first;
        foreach (var gap in gaps)
        {
            if (gap.First <= seen || gap.Last < gap.First || gap.Last >= last)
            {
                throw new FormatException($"saved gaps have {gap.First} to {gap.Last} after {seen}, in numbers {first} to {last}");
            }

            seen = gap.Last + 1;
        }

        return tracker;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private GapChange ObserveOutOfOrder(ulong sequence)
    {
        if (sequence == 0)
        {
            return GapChange.None;
        }

        if (_last == 0)
        {
            _first = sequence;
            _last = sequence;
            return GapChange.None;
        }

        if (sequence > _last)
        {
            var gap = new SequenceRange(_last + 1, sequence - 1);
            _last = sequence;
            Insert(_count, gap);
            return GapChange.Opened;
        }

        if (sequence < _first)
        {
            var gap = new SequenceRange(sequence + 1, _first - 1);
            _first = sequence;
            if (gap.First > gap.Last)
            {
                return GapChange.None;
            }

            Insert(0, gap);
            return GapChange.Opened;
        }

        return TakeFromGap(sequence);
    }

    private GapChange TakeFromGap(ulong sequence)
    {
        // `at` becomes the first gap that ends at or after the number.
        int at = 0, end = _count;
        while (at < end)
        {
            var middle = (at + end) >>> 1;
            if (_gaps[middle].Last < sequence)
            {
                at = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        if (at == _count || _gaps[at].First > sequence)
        {
            return GapChange.None;
        }

        var gap = _gaps[at];
        if (gap.First == gap.Last)
        {
            _count--;
            _gaps.AsSpan(at + 1, _count - at).CopyTo(_gaps.AsSpan(at));
            return GapChange.Closed;
        }

        if (sequence == gap.First || sequence == gap.Last)
        {
            _gaps[at] = sequence == gap.First ? gap with { First = sequence + 1 } : gap with { Last = sequence - 1 };
            return GapChange.Narrowed;
        }

        _gaps[at] = gap with { Last = sequence - 1 };
        Insert(at + 1, gap with { First = sequence + 1 });
        return GapChange.Split;
    }

    private void Insert(int at, SequenceRange gap)
    {
        if (_count == _gaps.Length)
        {
            Array.Resize(ref _gaps, Math.Min(Math.Max(4, _count * 2), GapsMax + 1));
        }

        _gaps.AsSpan(at, _count - at).CopyTo(_gaps.AsSpan(at + 1));
        _gaps[at] = gap;
        _count++;
        if (_count > GapsMax)
        {
            ForgetOldest();
        }
    }

    private void ForgetOldest()
    {
        foreach (var gap in _gaps.AsSpan(0, ForgottenAtOnce))
        {
            ForgottenNumbers += (UInt128)gap.Last - gap.First + 1;
        }

        ForgottenGaps += ForgottenAtOnce;
        _count -= ForgottenAtOnce;
        _gaps.AsSpan(ForgottenAtOnce, _count).CopyTo(_gaps);
    }
}

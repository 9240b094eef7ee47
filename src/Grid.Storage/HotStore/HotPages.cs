using System.Numerics;

namespace Grid.Storage.HotStore;

/// <summary>
/// What of an extent is in memory only, page by page, in words of 64 pages. The writer marks what it changes and hands the marks
/// over; whoever writes the file takes them from there. So no mark is lost by a change that comes while its page is being written.
/// </summary>
internal sealed class HotPages
{
    /// <summary>Pages of a word.</summary>
    public const int PerWord = 64;

    /// <summary>Log2 of the bytes of a page.</summary>
    public static readonly int Shift = BitOperations.Log2((uint)Environment.SystemPageSize);

    private readonly int _pages;

    // The writer's own: pages changed since they were handed over, and pages that have memory of the extent's own.
    private readonly ulong[] _changed;
    private readonly ulong[] _own;

    // Handed over and not taken.
    private readonly ulong[] _handedOver;

    /// <param name="bytes">Bytes of the extent.</param>
    /// <param name="areOwn">True if all pages have memory of their own, false if they are the file's until they are changed.</param>
    public HotPages(long bytes, bool areOwn)
    {
        _pages = (int)Math.Max(1, bytes >> Shift);
        Words = (_pages + PerWord - 1) / PerWord;
        _changed = new ulong[Words];
        _own = new ulong[Words];
        _handedOver = new ulong[Words];
        if (areOwn)
        {
            _own.AsSpan().Fill(All);
            Own = _pages;
        }
    }

    public int Words { get; }

    /// <summary>Pages that have memory of their own. For the writer.</summary>
    public int Own { get; private set; }

    /// <summary>Marks the pages of some bytes, at least one; gives how many have memory of their own only since then. For the writer.</summary>
    public int Mark(long from, long bytes)
    {
        var added = 0;
        var last = (from + bytes - 1) >> Shift;
        for (var page = from >> Shift; page <= last; page++)
        {
            var word = (int)(page / PerWord);
            var bit = 1UL << (int)page;
            if ((_changed[word] & bit) == 0)
            {
                _changed[word] |= bit;
                added += (_own[word] & bit) == 0 ? 1 : 0;
                _own[word] |= bit;
            }
        }

        Own += added;
        return added;
    }

    /// <summary>Hands over what is marked; false if nothing is. For the writer.</summary>
    public bool HandOver()
    {
        var any = false;
        for (var word = 0; word < Words; word++)
        {
            if (_changed[word] != 0)
            {
                Interlocked.Or(ref _handedOver[word], _changed[word]);
                _changed[word] = 0;
                any = true;
            }
        }

        return any;
    }

    /// <summary>Takes what of a word was handed over, before it is written. From any thread.</summary>
    public ulong Take(int word) => Volatile.Read(ref _handedOver[word]) == 0 ? 0 : Interlocked.Exchange(ref _handedOver[word], 0);

    /// <summary>The pages that a word stands for: all of them, but in an extent of fewer.</summary>
    public ulong All => _pages < PerWord ? (1UL << _pages) - 1 : ulong.MaxValue;

    /// <summary>Pages of a word that have memory of their own and are not marked. For the writer.</summary>
    public ulong Unchanged(int word) => _own[word] & ~_changed[word];

    /// <summary>Says that pages have no memory of their own any more. For the writer.</summary>
    public void Disown(int word, ulong pages)
    {
        _own[word] &= ~pages;
        Own -= BitOperations.PopCount(pages);
    }

    /// <summary>Takes the first run of pages out of a set that is not empty: where it lies in the extent, and its bytes.</summary>
    public static (long At, long Bytes) TakeRun(int word, ref ulong pages)
    {
        var first = BitOperations.TrailingZeroCount(pages);
        var count = BitOperations.TrailingZeroCount(~(pages >> first));
        pages &= count == PerWord ? 0 : ~(((1UL << count) - 1) << first);
        return ((((long)word * PerWord) + first) << Shift, (long)count << Shift);
    }
}

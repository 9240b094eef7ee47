using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Shards;

/// <summary>All instruments' states by number. Each entry is written by the shard that owns it and read by any thread.</summary>
internal sealed class InstrumentTable
{
    private const int PageBits = 12;
    private const int PageSize = 1 << PageBits;

    // _pages[i] is null until an instrument of it has state. Entries never change once set.
    private readonly InstrumentState?[]?[] _pages = new InstrumentState?[GridLimits.InstrumentsMax >> PageBits][];

    /// <summary>The state of an instrument, or null.</summary>
    public InstrumentState? this[InstrumentId id]
    {
        get
        {
            var page = id.Value >> PageBits < (uint)_pages.Length ? _pages[id.Value >> PageBits] : null;
            return page is null ? null : Volatile.Read(ref page[id.Value & (PageSize - 1)]);
        }
    }

    public void Set(InstrumentId id, InstrumentState state)
    {
        ref var page = ref _pages[id.Value >> PageBits];
        var held = Volatile.Read(ref page) ?? Interlocked.CompareExchange(ref page, new InstrumentState?[PageSize], null) ?? page!;
        Volatile.Write(ref held[id.Value & (PageSize - 1)], state);
    }

    /// <summary>The states that exist, by number.</summary>
    public IEnumerable<InstrumentState> All()
    {
        foreach (var page in _pages)
        {
            foreach (var state in page ?? [])
            {
                if (state is not null)
                {
                    yield return state;
                }
            }
        }
    }
}

using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Postgres;

/// <summary>What a flush must read of one instrument, and what is remembered of it from flush to flush.</summary>
internal sealed class DirtyInstrument(InstrumentId id)
{
    private readonly List<QualityRow> _quality = new(1);

    // The minute that was noted last: nearly always the next one too.
    private long _noted = long.MinValue;

    public InstrumentId Id => id;

    /// <summary>True once it stands in the list of the flush at hand.</summary>
    public bool IsListed { get; set; }

    /// <summary>False if its class's ticks are not kept.</summary>
    public bool KeepsTicks { get; set; } = true;

    /// <summary>The newest event time that a flush has brought.</summary>
    public UnixNanos Newest { get; set; } = new(long.MinValue);

    /// <summary>The newest minute into which a quote fell.</summary>
    public long QuoteMinute { get; private set; } = long.MinValue;

    /// <summary>Starts of the minutes that changed.</summary>
    public HashSet<long> Minutes { get; } = [];

    /// <summary>The start of a minute from which on all changed, as the quotes that they end with may be others; the largest number for none.</summary>
    public long AllFrom { get; private set; } = long.MaxValue;

    /// <summary>Cancels and corrections: the minutes of their trades changed.</summary>
    public List<MarketEvent> Amendments { get; } = [];

    /// <summary>Its rules over time, as of the flush at hand; null until they are asked for.</summary>
    public RulesTimeline? Rules { get; set; }

    /// <summary>A view of its history, used again in each flush; null until there was one.</summary>
    public InstrumentHistory? View { get; set; }

    /// <summary>Notes that its minute changed.</summary>
    public void NoteMinute(long minute)
    {
        if (minute != _noted)
        {
            _noted = minute;
            Minutes.Add(minute);
        }
    }

    /// <summary>Notes that a quote fell into a minute: bars from there on end with it until the next.</summary>
    public void NoteQuote(long minute, UnixNanos newestBefore)
    {
        NoteMinute(minute);
        QuoteMinute = Math.Max(QuoteMinute, minute);
        if (newestBefore.Value - minute >= UnixNanos.PerMinute && newestBefore.Value > minute)
        {
            AllFrom = Math.Min(AllFrom, minute);
        }
    }

    /// <summary>The counts of a source and a day of receipt in this flush.</summary>
    public ref QualityRow Quality(SourceId source, int day)
    {
        var rows = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_quality);
        for (var i = 0; i < rows.Length; i++)
        {
            if (rows[i].Source == source && rows[i].Day == day)
            {
                return ref rows[i];
            }
        }

        _quality.Add(new QualityRow { Instrument = id, Source = source, Day = day });
        return ref System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_quality)[^1];
    }

    /// <summary>Hands the counts over.</summary>
    public void TakeQuality(List<QualityRow> target)
    {
        target.AddRange(_quality);
        _quality.Clear();
    }

    /// <summary>Forgets what was to be read.</summary>
    public void Clear()
    {
        IsListed = false;
        _noted = long.MinValue;
        Minutes.Clear();
        AllFrom = long.MaxValue;
        Amendments.Clear();
        Rules = null;
    }
}

using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Storage.Postgres.Writing;

namespace Grid.Storage.Postgres;

/// <summary>
/// All that one transaction brings to PostgreSQL: what a stretch of the journal held, and what instruments look like that
/// changed in it. Used again and again.
/// </summary>
public sealed class PostgresFlush
{
    // Lists that are not in use.
    private readonly Stack<List<TickRow>> _free = new();
    private readonly SortedDictionary<int, List<TickRow>> _days = [];
    private List<TickRow>? _today;
    private int _day;

    /// <summary>The last input that was in before.</summary>
    public ulong AfterLsn { get; private set; }

    /// <summary>The last input that is in after it.</summary>
    public ulong ThroughLsn { get; set; }

    /// <summary>Rows of ticks, runs and quarantine.</summary>
    public int Rows { get; private set; }

    /// <summary>Events looked at, duplicates included.</summary>
    public long Events { get; set; }

    /// <summary>True if there is nothing to bring.</summary>
    public bool IsEmpty => ThroughLsn == AfterLsn;

    /// <summary>Trades, quotes, cancels and corrections by the day of their event time, in days since 1970.</summary>
    public IReadOnlyDictionary<int, List<TickRow>> Ticks => _days;

    /// <summary>The batches, by their journal frames, and who sent each.</summary>
    public List<(ulong Lsn, string Producer)> Batches { get; } = [];

    /// <summary>Applied runs.</summary>
    public List<RunRow> Runs { get; } = [];

    /// <summary>Rejected events.</summary>
    public List<RejectedRow> Rejected { get; } = [];

    /// <summary>Applied definitions.</summary>
    public List<DefinitionRow> Definitions { get; } = [];

    /// <summary>What the definitions of these instruments come to.</summary>
    public List<InstrumentNow> Instruments { get; } = [];

    /// <summary>All sources that are declared, if one of them may be new; else none.</summary>
    public List<SourceDeclaration> Sources { get; } = [];

    /// <summary>Producers whose batches it holds.</summary>
    public List<ProducerRow> Producers { get; } = [];

    /// <summary>What is known of the instruments that changed.</summary>
    public List<Latest> Latest { get; } = [];

    /// <summary>The minutes that changed.</summary>
    public List<BarRow> Bars { get; } = [];

    /// <summary>Minutes that are no more, as all of their trades were cancelled: their rows are emptied.</summary>
    public List<(InstrumentId Instrument, UnixNanos Start)> GoneBars { get; } = [];

    /// <summary>Of the runs, the newest of each dealer by date and CUSIP.</summary>
    public List<RunRow> LatestRuns { get; } = [];

    /// <summary>Counts of events by instrument and day.</summary>
    public List<QualityRow> Quality { get; } = [];

    /// <summary>The contiguous sequence domains of which it holds events.</summary>
    public List<GapDomainRow> Gaps { get; } = [];

    /// <summary>Makes ready for what comes behind an input.</summary>
    public void Begin(ulong afterLsn)
    {
        foreach (var ticks in _days.Values)
        {
            ticks.Clear();
            _free.Push(ticks);
        }

        _days.Clear();
        _today = null;
        Batches.Clear();
        Runs.Clear();
        Rejected.Clear();
        Definitions.Clear();
        Instruments.Clear();
        Sources.Clear();
        Producers.Clear();
        Latest.Clear();
        Bars.Clear();
        GoneBars.Clear();
        LatestRuns.Clear();
        Quality.Clear();
        Gaps.Clear();
        Rows = 0;
        Events = 0;
        AfterLsn = ThroughLsn = afterLsn;
    }

    /// <summary>Adds an applied trade, quote, cancel or correction.</summary>
    public void Add(in TickRow tick)
    {
        var day = CopyBuffer.DayOf(tick.Event.EventTime);
        if (day != _day || _today is null)
        {
            _day = day;
            _today = ListOf(day);
        }

        _today.Add(tick);
        Rows++;
    }

    /// <summary>Adds an applied run.</summary>
    public void Add(in RunRow run)
    {
        Runs.Add(run);
        Rows++;
    }

    /// <summary>Adds a rejected event.</summary>
    public void Add(in RejectedRow rejected)
    {
        Rejected.Add(rejected);
        Rows++;
    }

    /// <summary>Who sent the batch of a journal frame.</summary>
    internal string ProducerOf(ulong lsn)
    {
        var (low, high) = (0, Batches.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Batches[middle].Lsn < lsn ? (middle + 1, high) : (low, middle);
        }

        return Batches[low].Producer;
    }

    private List<TickRow> ListOf(int day)
    {
        if (!_days.TryGetValue(day, out var ticks))
        {
            _days[day] = ticks = _free.TryPop(out var free) ? free : [];
        }

        return ticks;
    }
}

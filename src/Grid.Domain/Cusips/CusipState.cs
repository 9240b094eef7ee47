using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Cusips;

/// <summary>What a contribution did to the state of its CUSIP.</summary>
public enum CusipChange : byte
{
    /// <summary>Nothing: what is held is as new or newer.</summary>
    None = 0,

    /// <summary>It is held now.</summary>
    Changed = 1,

    /// <summary>Its date is older than all dates that are kept.</summary>
    TooOld = 2,

    /// <summary>Its date holds <see cref="CusipState.ContributionsMax"/> contributions of others.</summary>
    Refused = 3,
}

/// <summary>
/// The state of one CUSIP: for each date and dealer the most recent run, for each date, source and instrument the quote.
/// Contributions are absolute and versioned (whole runs by the order of events, each side of a quote by its own version),
/// so the state does not depend on the order in which they come or on how often, and can be rebuilt.
/// </summary>
/// <remarks>
/// One writer. The newest <see cref="DatesMax"/> dates are kept. Saved form: version byte; count of changes (u64), of those
/// refused (u64); number of dates; for each date its yyyymmdd (u32), the number of runs and each run's 80 bytes and
/// encoded <see cref="RunDetail"/>, the number of quotes and each quote's instrument (u32) and sides.
/// </remarks>
public sealed class CusipState(Cusip cusip, GridNames names)
{
    /// <summary>Dates kept.</summary>
    public const int DatesMax = 8;

    /// <summary>Contributions kept of one date: far more dealers than any bond has.</summary>
    public const int ContributionsMax = 4096;

    private const byte SavedVersion = 1;

    // Newest date first, at most DatesMax.
    private readonly List<CusipDay> _days = [];
    private readonly EventOrder _order = new(names);

    /// <summary>The CUSIP.</summary>
    public Cusip Cusip { get; } = cusip;

    /// <summary>Grows with every change: to tell whether something changed. Depends on the order of arrival.</summary>
    public ulong Version { get; private set; }

    /// <summary>Contributions that were refused because their date was full.</summary>
    public ulong RefusedCount { get; private set; }

    /// <summary>The dates that are kept as yyyymmdd, newest first.</summary>
    public IEnumerable<uint> Dates => _days.Select(d => d.Date);

    /// <summary>The market of the newest date.</summary>
    public CusipMarket Market => _days.Count > 0 ? _days[0].Market : default;

    /// <summary>The market of one date.</summary>
    public CusipMarket MarketOn(uint date) => _days.Find(d => d.Date == date)?.Market ?? default;

    /// <summary>The runs of one date in the order of their dealers' names.</summary>
    public IEnumerable<DealerRun> RunsOn(uint date) => _days.Find(d => d.Date == date)?.Runs() ?? [];

    /// <summary>The quotes of one date in the order of their sources' names, then their symbols.</summary>
    public IEnumerable<InstrumentQuote> QuotesOn(uint date) => _days.Find(d => d.Date == date)?.Quotes() ?? [];

    /// <summary>Contributes a dealer's run. It replaces the dealer's run of that date if it is newer by the order of events.</summary>
    /// <param name="date">Session date as yyyymmdd.</param>
    /// <param name="run">The run; a side that it does not set, the dealer does not show.</param>
    /// <param name="detail">What it carries beyond the event.</param>
    public CusipChange Apply(uint date, in MarketEvent run, in RunDetail detail) =>
        FindOrAdd(date) is { } day ? Note(day.Apply(in run, in detail)) : CusipChange.TooOld;

    /// <summary>Contributes what a source quotes for an instrument. Each side replaces the one held if it is newer.</summary>
    /// <param name="date">Session date as yyyymmdd.</param>
    /// <param name="instrument">The instrument.</param>
    /// <param name="quote">The quote, or the sides of it that an event sets.</param>
    /// <exception cref="ArgumentException">The instrument is none.</exception>
    public CusipChange Apply(uint date, InstrumentId instrument, in SourceQuote quote)
    {
        if (instrument == InstrumentId.None)
        {
            throw new ArgumentException("a quote contributes to a CUSIP for an instrument, but there is none", nameof(instrument));
        }

        if (quote.Bid.State == SideState.Absent && quote.Ask.State == SideState.Absent)
        {
            return CusipChange.None;
        }

        return FindOrAdd(date) is { } day ? Note(day.Apply(instrument, in quote)) : CusipChange.TooOld;
    }

    /// <summary>Writes it without its CUSIP; for <see cref="Load"/>.</summary>
    public void Save(StateWriter writer)
    {
        writer.Put(SavedVersion);
        writer.Put(Version);
        writer.Put(RefusedCount);
        writer.Put(_days.Count);
        Span<byte> detail = stackalloc byte[RunDetail.EncodedBytes];
        foreach (var day in _days)
        {
            writer.Put(day.Date);
            var runs = day.Runs().ToList();
            writer.Put(runs.Count);
            foreach (var run in runs)
            {
                run.Detail.Write(detail);
                writer.Put(run.Event);
                writer.Put<byte>(detail);
            }

            var quotes = day.Quotes().ToList();
            writer.Put(quotes.Count);
            foreach (var quote in quotes)
            {
                writer.Put(quote.Instrument);
                writer.Put(quote.Quote);
            }
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are not a CUSIP's state.</exception>
    public static CusipState Load(Cusip cusip, GridNames names, ref StateReader reader)
    {
        var version = reader.Take<byte>();
        if (version != SavedVersion)
        {
            throw new FormatException($"the saved state of CUSIP {cusip} has version {version}; this program knows {SavedVersion}");
        }

        var changes = reader.Take<ulong>();
        var refused = reader.Take<ulong>();
        var state = new CusipState(cusip, names);
        for (var days = reader.TakeCount(DatesMax); days > 0; days--)
        {
            state.LoadDay(ref reader);
        }

        state.Version = changes;
        state.RefusedCount = refused;
        return state;
    }

    private void LoadDay(ref StateReader reader)
    {
        var date = reader.Take<uint>();
        for (var runs = reader.TakeCount(ContributionsMax); runs > 0; runs--)
        {
            var run = reader.Take<MarketEvent>();
            if (!RunDetail.TryRead(reader.TakeArray<byte>(RunDetail.EncodedBytes), out var detail))
            {
                throw new FormatException($"the saved state of CUSIP {Cusip} has a run before byte {reader.Offset} that is not well formed");
            }

            Apply(date, in run, in detail);
        }

        for (var quotes = reader.TakeCount(ContributionsMax); quotes > 0; quotes--)
        {
            var instrument = reader.Take<InstrumentId>();
            Apply(date, instrument, reader.Take<SourceQuote>());
        }
    }

    private CusipChange Note(CusipChange change)
    {
        Version += change == CusipChange.Changed ? 1UL : 0;
        RefusedCount += change == CusipChange.Refused ? 1UL : 0;
        return change;
    }

    // The dates kept are the newest of all that ever came, so that which they are does not depend on the order.
    private CusipDay? FindOrAdd(uint date)
    {
        var at = 0;
        while (at < _days.Count && _days[at].Date > date)
        {
            at++;
        }

        if (at < _days.Count && _days[at].Date == date)
        {
            return _days[at];
        }

        if (at == DatesMax)
        {
            return null;
        }

        var day = new CusipDay(date, names, _order);
        _days.Insert(at, day);
        if (_days.Count > DatesMax)
        {
            _days.RemoveAt(DatesMax);
        }

        return day;
    }
}

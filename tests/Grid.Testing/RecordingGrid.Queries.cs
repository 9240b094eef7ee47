using System.Text;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime;
using Grid.Runtime.Metrics;
using Grid.Runtime.Queries;

namespace Grid.Testing;

/// <content>What it answers.</content>
public sealed partial class RecordingGrid
{
    /// <inheritdoc/>
    public bool TryGetLatest(InstrumentId instrument, out Latest latest)
    {
        lock (Gate)
        {
            return _latest.TryGetValue(instrument, out latest);
        }
    }

    /// <inheritdoc/>
    public bool TryGetLatest(InstrumentId instrument, out Latest latest, out bool isBusy)
    {
        latest = default;
        isBusy = IsBusy;
        return !isBusy && TryGetLatest(instrument, out latest);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<InstrumentId>> FindInstrumentsAsync(string pattern, string? after, int limit, CancellationToken cancel)
    {
        var wanted = Encoding.UTF8.GetBytes(pattern);
        lock (Gate)
        {
            return new(_latest.Keys
                .Select(id => (Id: id, Symbol: Names.Symbol(id)))
                .Where(i => SymbolPattern.Matches(wanted, Names.Instruments[(int)i.Id.Value]) && (after is null || string.CompareOrdinal(i.Symbol, after) > 0))
                .OrderBy(i => i.Symbol, StringComparer.Ordinal)
                .Take(limit)
                .Select(i => i.Id)
                .ToArray());
        }
    }

    /// <inheritdoc/>
    public ValueTask<TickPage> GetTicksAsync(InstrumentId instrument, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel) =>
        new(Page(instrument, from, to, null, limit));

    /// <inheritdoc/>
    public ValueTask<TickPage> GetTicksAfterAsync(InstrumentId instrument, TickPosition after, UnixNanos to, int limit, CancellationToken cancel) =>
        new(Page(instrument, after.Event.EventTime, to, after, limit));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceQuote>> GetQuotesAsync(InstrumentId instrument, CancellationToken cancel)
    {
        var quotes = new Dictionary<SourceId, SourceQuote>();
        foreach (var e in Events.Select(e => e.Event).Where(e => e.Instrument == instrument && e.Kind == EventKind.Quote))
        {
            var quote = quotes.GetValueOrDefault(e.Source, new SourceQuote { Source = e.Source });
            quote.Merge(SourceQuote.Of(in e));
            quotes[e.Source] = quote;
        }

        return new(quotes.Values.OrderBy(q => Names.Sources.Text(q.Source.Value), StringComparer.Ordinal).ToArray());
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Bar>> GetBarsAsync(
        InstrumentId instrument, long intervalNs, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel) =>
        new(Bars.GetValueOrDefault(instrument, []).Where(b => b.Start >= from && b.Start < to).Take(limit).ToArray());

    /// <inheritdoc/>
    public ValueTask<InstrumentDefinition?> GetDefinitionAsync(InstrumentId instrument, CancellationToken cancel)
    {
        lock (Gate)
        {
            return new(_definitions.GetValueOrDefault(instrument));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QuarantinedEvent>> GetQuarantineAsync(ulong afterId, int limit, CancellationToken cancel) =>
        new(Quarantine.Where(q => q.Id > afterId).Take(limit).ToArray());

    /// <inheritdoc/>
    public bool TryGetQuality(InstrumentId instrument, out InstrumentQuality quality) => Quality.TryGetValue(instrument, out quality);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<InstrumentQuality>> GetQualityAsync(string pattern, string? after, int limit, CancellationToken cancel) =>
        new(Quality.Values
            .Where(q => SymbolPattern.Matches(Encoding.UTF8.GetBytes(pattern), Names.Instruments[(int)q.Instrument.Value]))
            .OrderBy(q => Names.Symbol(q.Instrument), StringComparer.Ordinal)
            .Where(q => after is null || string.CompareOrdinal(Names.Symbol(q.Instrument), after) > 0)
            .Take(limit)
            .ToArray());

    /// <inheritdoc/>
    public ValueTask<CusipRuns?> GetRunsAsync(Cusip cusip, uint? date, CancellationToken cancel)
    {
        var runs = Runs.GetValueOrDefault(cusip);
        return new(runs is null || date is null || date == runs.Market.Date ? runs : runs with { Market = default, Runs = [] });
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ProducerStatus>> GetProducersAsync(CancellationToken cancel)
    {
        lock (Gate)
        {
            return new(_producers.Values
                .OrderBy(p => p.Name, StringComparer.Ordinal)
                .Select(p => new ProducerStatus(p.Name, p.Epoch, p.LastApplied, p.LastDurable, p.Open is null ? null : Now, Now))
                .ToArray());
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Gap>> GetGapsAsync(int limit, CancellationToken cancel) => new(Gaps.Take(limit).ToArray());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceDeclaration>> GetSourcesAsync(CancellationToken cancel)
    {
        lock (Gate)
        {
            return new(Sources.Values.ToArray());
        }
    }

    /// <inheritdoc/>
    public GridStatus GetStatus()
    {
        var outcomes = new OutcomeCounts();
        outcomes.Add(Outcome.Accepted, Events.Count);
        return new GridStatus
        {
            EventsReceived = Events.Count,
            BatchesReceived = 0,
            Outcomes = outcomes,
            Instruments = _latest.Count,
            Feeds = OpenFeeds,
            JournalLastLsn = 0,
            JournalFlushedLsn = 0,
            JournalBytes = 0,
            JournalFlushes = 0,
            QueuedBatches = 0,
            QueuedBatchesMax = 64,
            Quarantined = Quarantine.Count,
            OpenGaps = Gaps.Count,
            StartedAt = DateTimeOffset.UnixEpoch,
            SnapshotLsn = 0,
            SnapshotAge = null,
            SnapshotsFailed = 0,
            Visible = LatencySummary.None,
            Acknowledged = LatencySummary.None,
            Flush = LatencySummary.None,
            HotStoreBytes = 0,
        };
    }

    private TickPage Page(InstrumentId instrument, UnixNanos from, UnixNanos to, TickPosition? after, int limit)
    {
        var order = new EventOrder(Names);
        var all = Events
            .Where(e => e.Event.Instrument == instrument && e.Event.EventTime >= from && e.Event.EventTime < to)
            .Select(e => new HistoryTick(e.Event, Outcome.Accepted))
            .ToList();
        TickOrder.Sort(all, order);
        return TickOrder.Page(all, in after, limit, false, order);
    }
}

using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Recovery;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Turns decided batches into the rows of a flush, and notes which instruments, minutes and sequence domains they touch: what
/// these look like is read from the grid itself when the flush is complete (<see cref="ImageReading"/>).
/// </summary>
internal sealed class FlushCollector
{
    private const EventFlags Sides = EventFlags.BidSet | EventFlags.BidCleared | EventFlags.AskSet | EventFlags.AskCleared;

    private readonly GridImage _image;
    private readonly HashSet<string>? _tickClasses;
    private readonly Dictionary<string, ProducerRow> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<(uint Date, Cusip Cusip, SourceId Dealer), RunRow> _latestRuns = [];
    private readonly HashSet<SequenceDomain> _domains = [];
    private readonly List<DirtyInstrument> _dirty = [];

    // _instruments[id] is null until a flush has met the instrument.
    private DirtyInstrument?[] _instruments = new DirtyInstrument?[1024];
    private SequenceDomain _domain;
    private int _sourcesKnown;
    private UnixNanos _dayReceived = new(long.MaxValue);
    private int _day;

    public FlushCollector(GridImage image, IReadOnlyList<string>? tickClasses)
    {
        _image = image;
        _tickClasses = tickClasses?.ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The instruments to read.</summary>
    public IReadOnlyList<DirtyInstrument> Dirty => _dirty;

    /// <summary>Goes on from what the database knows.</summary>
    public void Begin(IReadOnlyList<(string Symbol, UnixNanos Newest)> times)
    {
        foreach (var (symbol, newest) in times)
        {
            if (_image.Names.Instruments.Find(symbol) is > 0 and var index)
            {
                Get(new InstrumentId((uint)index)).Newest = newest;
            }
        }
    }

    /// <summary>Adds a batch to a flush.</summary>
    public void Add(PlayedBatch played, PostgresFlush flush)
    {
        var batch = played.Batch;
        flush.Batches.Add((batch.Lsn, batch.Producer));
        flush.ThroughLsn = batch.Lsn;
        flush.Events += batch.Events.Count;
        _producers[batch.Producer] = new ProducerRow(batch.Producer, batch.Epoch, batch.Number);
        SetDay(batch.ReceivedAt);
        var events = batch.Events.Events;
        var outcomes = batch.Outcomes;
        for (var row = 0; row < events.Length; row++)
        {
            ref var e = ref events[row];
            var instrument = Touch(in e);
            if (e.Sequence != 0)
            {
                NoteDomain(in e);
            }

            if (!played.IsDecided)
            {
                NoteChange(instrument, in e);
            }
            else if (outcomes[row].IsApplied)
            {
                AddApplied(flush, instrument, ref e, outcomes[row], batch.Lsn, row, batch.Events);
            }
            else
            {
                AddUnapplied(flush, instrument, in e, outcomes[row], batch.Lsn, row, batch.Producer, batch.Events);
            }
        }
    }

    /// <summary>Completes a flush but for what <see cref="ImageReading"/> reads; the next begins.</summary>
    public void Complete(PostgresFlush flush, UnixNanos now)
    {
        flush.Producers.AddRange(_producers.Values);
        _producers.Clear();
        flush.LatestRuns.AddRange(_latestRuns.Values);
        _latestRuns.Clear();
        _image.Gaps.Read(_domains, flush.Gaps);
        _domains.Clear();
        _domain = default;
        var sources = _image.Context.Sources().ToList();
        if (sources.Count != _sourcesKnown)
        {
            flush.Sources.AddRange(sources);
            _sourcesKnown = sources.Count;
        }

        foreach (var id in flush.Definitions.Select(d => d.Tick.Event.Instrument).Distinct())
        {
            flush.Instruments.Add(new InstrumentNow(id, DefinitionOf(id, now)));
        }

        foreach (var instrument in _dirty)
        {
            instrument.TakeQuality(flush.Quality);
            instrument.Clear();
        }

        _dirty.Clear();
    }

    private void AddApplied(PostgresFlush flush, DirtyInstrument instrument, ref MarketEvent e, Outcome outcome, ulong lsn, int row, EventBatch batch)
    {
        var isLate = e.EventTime < instrument.Newest;
        ref var quality = ref instrument.Quality(e.Source, _day).Counts;
        var isFlagged = outcome.Disposition == Disposition.Flagged;
        quality.Accepted += isFlagged ? 0 : 1;
        quality.Flagged += isFlagged ? 1 : 0;
        quality.Late += isLate ? 1 : 0;
        quality.LastReceived = e.ReceiveTime;
        e.Flags |= isFlagged ? EventFlags.Flagged : EventFlags.None;
        NoteChange(instrument, in e);
        switch (e.Kind)
        {
            case EventKind.Run:
                AddRun(flush, instrument, new RunRow(new TickRow(e, outcome, lsn, row), batch.Runs[e.Detail], 0));
                break;
            case EventKind.Definition:
                flush.Definitions.Add(new DefinitionRow(new TickRow(e, outcome, lsn, row), batch.Definitions[e.Detail]));
                break;
            default:
                if (instrument.KeepsTicks)
                {
                    flush.Add(new TickRow(e, outcome, lsn, row));
                }

                break;
        }
    }

    private void AddUnapplied(
        PostgresFlush flush, DirtyInstrument instrument, in MarketEvent e, Outcome outcome, ulong lsn, int row, string producer, EventBatch batch)
    {
        var isRejected = outcome.Disposition == Disposition.Rejected;
        ref var quality = ref instrument.Quality(e.Source, _day).Counts;
        quality.Rejected += isRejected ? 1 : 0;
        quality.Duplicate += isRejected ? 0 : 1;
        quality.LastReceived = e.ReceiveTime;
        if (isRejected)
        {
            flush.Add(new RejectedRow(
                new TickRow(e, outcome, lsn, row),
                producer,
                e.Kind == EventKind.Run ? batch.Runs[e.Detail] : null,
                e.Kind == EventKind.Definition ? batch.Definitions[e.Detail] : null));
        }
    }

    private void AddRun(PostgresFlush flush, DirtyInstrument instrument, RunRow run)
    {
        var e = run.Tick.Event;
        instrument.Rules ??= _image.Rules.TimelineOf(_image.ShardOf(instrument.Id).DefinitionsOf(instrument.Id)?.NewestFirst() ?? []);
        run = run with { Date = instrument.Rules.At(e.EventTime).Calendar.DateOf(e.EventTime) };
        flush.Add(in run);
        var key = (run.Date, run.Detail.Cusip, e.Source);
        if (!_latestRuns.TryGetValue(key, out var newest) || _image.Context.Order.Compare(in e, newest.Tick.Event) >= 0)
        {
            _latestRuns[key] = run;
        }
    }

    private static void NoteChange(DirtyInstrument instrument, in MarketEvent e)
    {
        var minute = e.EventTime.Floor(UnixNanos.PerMinute).Value;
        switch (e.Kind)
        {
            case EventKind.Trade:
                instrument.NoteMinute(minute);
                break;
            case EventKind.Quote or EventKind.Run when e.Has(Sides):
                instrument.NoteQuote(minute, instrument.Newest);
                break;
            case EventKind.Cancel or EventKind.Correct:
                instrument.Amendments.Add(e);
                break;
        }

        if (e.EventTime > instrument.Newest)
        {
            instrument.Newest = e.EventTime;
        }
    }

    private void NoteDomain(in MarketEvent e)
    {
        var domain = SequenceDomain.Of(in e);
        if (domain != _domain)
        {
            _domain = domain;
            if (_image.Context.Source(e.Source) is { IsContiguous: true })
            {
                _domains.Add(domain);
            }
        }
    }

    private void SetDay(UnixNanos receivedAt)
    {
        if (receivedAt.Value - _dayReceived.Value is < 0 or >= UnixNanos.PerDay)
        {
            _dayReceived = receivedAt.Floor(UnixNanos.PerDay);
            _day = (int)(_dayReceived.Value / UnixNanos.PerDay);
        }
    }

    private DirtyInstrument Touch(in MarketEvent e)
    {
        var instrument = Get(e.Instrument);
        if (!instrument.IsListed)
        {
            instrument.IsListed = true;
            _dirty.Add(instrument);
            instrument.KeepsTicks = _tickClasses is null || _tickClasses.Contains(DefinitionOf(e.Instrument, e.EventTime).Class);
        }

        return instrument;
    }

    private InstrumentDefinition DefinitionOf(InstrumentId id, UnixNanos at) => _image.ShardOf(id).DefinitionsOf(id)?.At(at) ?? InstrumentDefinition.Unknown;

    private DirtyInstrument Get(InstrumentId id)
    {
        if (id.Value >= _instruments.Length)
        {
            Array.Resize(ref _instruments, Math.Max(_instruments.Length * 2, (int)id.Value + 1));
        }

        return _instruments[id.Value] ??= new DirtyInstrument(id);
    }
}

using System.Text;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Metrics;
using Grid.Runtime.Postgres;
using Grid.Runtime.Queries;
using Grid.Runtime.Recovery;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime;

/// <summary>The grid in one process: journal, shards and hot store, without any other server.</summary>
public sealed class EmbeddedGrid : IGrid
{
    private readonly GridEngine _engine;
    private readonly EmbeddedGridOptions _options;
    private readonly GridMeter _meter;
    private readonly Readiness _readiness;
    private readonly DateTimeOffset _startedAt;

    private EmbeddedGrid(GridEngine engine, EmbeddedGridOptions options, RecoveryReport recovery, DateTimeOffset startedAt)
    {
        _engine = engine;
        _options = options;
        _meter = new GridMeter(engine, options);
        _readiness = new Readiness(engine, options);
        _startedAt = startedAt;
        Recovery = recovery;
        Run = $"{UnixNanos.From(startedAt).Value}-{engine.Journal.LastLsn}";
    }

    /// <summary>What starting found in the data folder.</summary>
    public RecoveryReport Recovery { get; }

    /// <inheritdoc/>
    public GridNames Names => _engine.Image.Names;

    /// <inheritdoc/>
    public string Run { get; }

    /// <inheritdoc/>
    public ulong FlushedFrame => _engine.Image.Subscriptions.Flushed.Through(_engine.Journal.FlushedLsn);

    /// <inheritdoc/>
    public Task Failure => _engine.Failure;

    /// <summary>
    /// Opens a data folder, recovers what it has and starts. An empty one with PostgreSQL begins with what the database holds, if
    /// <see cref="Storage.Postgres.PostgresOptions.TakeOver"/> says so.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="Storage.GridStorageException">The folder is in use, damaged, of a newer version, or cannot be written.</exception>
    public static Task<EmbeddedGrid> OpenAsync(EmbeddedGridOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        options.Validate();
        return Task.Run(
            async () =>
            {
                var data = DataFolder.Open(options.DataFolder);
                RecoveredGrid recovered;
                GridEngine engine;
                RestoredImage? restored;
                try
                {
                    restored = await WarmStart.TryAsync(data, options, time, logs.CreateLogger("Grid.Pipeline"), cancel).ConfigureAwait(false);
                    recovered = GridRecovery.Open(data, options, time, restored);
                    engine = new GridEngine(data, recovered, options, time, logs);
                }
                catch
                {
                    data.Dispose();
                    throw;
                }

                try
                {
                    if (restored is not null)
                    {
                        await engine.CompleteFillingAsync().ConfigureAwait(false);
                    }

                    if (options.Postgres is { } postgres)
                    {
                        await engine.StartPostgresAsync(postgres, time, cancel).ConfigureAwait(false);
                    }

                    if (options.Archive is { } archive)
                    {
                        engine.StartArchive(archive, time);
                    }

                    return new EmbeddedGrid(engine, options, recovered.Report, time.GetUtcNow());
                }
                catch
                {
                    await engine.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask<IFeed> OpenFeedAsync(FeedHello hello, IFeedListener listener, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(hello);
        ArgumentNullException.ThrowIfNull(listener);
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(hello.Producer)))
        {
            throw new GridException(GridErrorCode.BadName, $"producer: {NameRules.Explain(hello.Producer)}");
        }

        if (hello.Epoch == 0)
        {
            throw new GridException(GridErrorCode.BadArgument, $"producer '{hello.Producer}' connects with epoch 0; epochs start at 1");
        }

        if (hello.Ack is not (AckLevel.Received or AckLevel.Journaled))
        {
            RequireCommitted(hello);
        }

        return ValueTask.FromResult<IFeed>(_engine.Intake.Open(hello, listener));
    }

    /// <inheritdoc/>
    public bool TryGetLatest(InstrumentId instrument, out Latest latest)
    {
        var state = _engine.Image.Instruments[instrument];
        if (state is null || state.Version == 0)
        {
            latest = default;
            return false;
        }

        state.Read(out latest);
        return true;
    }

    /// <inheritdoc/>
    public bool TryGetLatest(InstrumentId instrument, out Latest latest, out bool isBusy)
    {
        isBusy = false;
        var state = _engine.Image.Instruments[instrument];
        if (state is null || state.Version == 0)
        {
            latest = default;
            return false;
        }

        isBusy = !state.TryRead(out latest);
        return !isBusy;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<InstrumentId>> FindInstrumentsAsync(string pattern, string? after, int limit, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return ValueTask.FromResult<IReadOnlyList<InstrumentId>>([.. Matching(pattern, after, static s => s.Version > 0).Take(limit).Select(s => s.Id)]);
    }

    /// <inheritdoc/>
    public async ValueTask<TickPage> GetTicksAsync(InstrumentId instrument, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel)
    {
        var view = await ViewAsync(instrument, cancel).ConfigureAwait(false);
        return view is null ? new TickPage([], true, false) : view.Ticks(from, to, null, limit, _engine.Image.Context.Order);
    }

    /// <inheritdoc/>
    public async ValueTask<TickPage> GetTicksAfterAsync(InstrumentId instrument, TickPosition after, UnixNanos to, int limit, CancellationToken cancel)
    {
        var view = await ViewAsync(instrument, cancel).ConfigureAwait(false);
        return view is null ? new TickPage([], true, false) : view.Ticks(after.Event.EventTime, to, after, limit, _engine.Image.Context.Order);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<SourceQuote>> GetQuotesAsync(InstrumentId instrument, CancellationToken cancel)
    {
        var state = _engine.Image.Instruments[instrument];
        if (state is null)
        {
            return [];
        }

        var quotes = await _engine.AskAsync(instrument, _ => state.Quotes.ToArray()).WaitAsync(cancel).ConfigureAwait(false);
        Array.Sort(quotes, (a, b) => _engine.Image.Context.Order.CompareSources(a.Source, b.Source));
        return quotes;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Bar>> GetBarsAsync(
        InstrumentId instrument, long intervalNs, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel)
    {
        if (!BarInterval.All.Any(i => i.Value == intervalNs))
        {
            throw new GridException(
                GridErrorCode.BadArgument, $"there are no bars of {intervalNs} ns; intervals are {string.Join(", ", BarInterval.All.Select(i => i.Key))}");
        }

        var view = await ViewAsync(instrument, cancel).ConfigureAwait(false);
        return view is null ? [] : view.Bars(intervalNs, from, to, limit, _engine.Image.Context.Order, _engine.Image.Context);
    }

    /// <inheritdoc/>
    public ValueTask<InstrumentDefinition?> GetDefinitionAsync(InstrumentId instrument, CancellationToken cancel) =>
        ValueTask.FromResult(_engine.Image.ShardOf(instrument).DefinitionsOf(instrument)?.At(_engine.Intake.Now()));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QuarantinedEvent>> GetQuarantineAsync(ulong afterId, int limit, CancellationToken cancel) =>
        ValueTask.FromResult(_engine.Image.Quarantine.After(afterId, limit));

    /// <inheritdoc/>
    public bool TryGetQuality(InstrumentId instrument, out InstrumentQuality quality)
    {
        var state = _engine.Image.Instruments[instrument];
        quality = state is null ? default : QualityOf(state);
        return quality.Counts.Events > 0;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<InstrumentQuality>> GetQualityAsync(string pattern, string? after, int limit, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return ValueTask.FromResult<IReadOnlyList<InstrumentQuality>>(
            [.. Matching(pattern, after, s => s.ReadCounts(out _).Events > 0).Take(limit).Select(QualityOf)]);
    }

    /// <inheritdoc/>
    public ValueTask<CusipRuns?> GetRunsAsync(Cusip cusip, uint? date, CancellationToken cancel) => ValueTask.FromResult(_engine.Image.Cusips.Runs(cusip, date));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ProducerStatus>> GetProducersAsync(CancellationToken cancel) => ValueTask.FromResult(_engine.Image.Producers.All());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Gap>> GetGapsAsync(int limit, CancellationToken cancel) =>
        ValueTask.FromResult(_engine.Image.Gaps.Open(limit));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceDeclaration>> GetSourcesAsync(CancellationToken cancel) =>
        ValueTask.FromResult<IReadOnlyList<SourceDeclaration>>([.. _engine.Image.Context.Sources()]);

    /// <inheritdoc/>
    public GridStatus GetStatus() => new()
    {
        EventsReceived = _engine.Intake.EventsReceived,
        BatchesReceived = _engine.Intake.BatchesReceived,
        Outcomes = _engine.Image.TotalCounts(),
        Instruments = _engine.Image.Shards.Sum(s => s.Instruments),
        Feeds = _engine.Intake.Feeds,
        JournalLastLsn = _engine.Journal.LastLsn,
        JournalFlushedLsn = _engine.Journal.FlushedLsn,
        JournalBytes = _engine.Journal.BytesAppended,
        JournalFlushes = _engine.Journal.Flushes,
        QueuedBatches = _engine.Intake.InFlight,
        QueuedBatchesMax = _options.BatchesInFlightMax,
        Quarantined = _engine.Image.Quarantine.Count,
        OpenGaps = _engine.Image.Gaps.Count,
        ForgottenGaps = _engine.Image.Gaps.Forgotten,
        StartedAt = _startedAt,
        SnapshotLsn = _engine.SnapshotLsn,
        SnapshotAge = _engine.Snapshots.Age,
        SnapshotsFailed = _engine.Snapshots.Failed,
        HotStoreBytes = _engine.Image.Shards.Sum(s => s.History.Bytes),
        Visible = _engine.Intake.Latencies.Visible.Summarize(),
        Acknowledged = _engine.Intake.Latencies.Acknowledged.Summarize(),
        Flush = _engine.Intake.Latencies.Flush.Summarize(),
        Postgres = _engine.Postgres?.GetStatus(),
        Archive = _engine.Archive?.GetStatus(),
        PostgresStatements = PostgresStatements(),
    };

    /// <summary>What the statements take that are sent to PostgreSQL.</summary>
    public IReadOnlyList<StatementFigures> PostgresStatements() => _engine.Postgres?.Statements.Read() ?? [];

    /// <inheritdoc/>
    public IReadOnlyList<string> FindTroubles() => _readiness.FindTroubles();

    /// <inheritdoc/>
    public IGridSubscription Subscribe(SubscriptionRequest request, Action wake)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(wake);
        foreach (var symbol in request.Instruments.Concat(request.From.Keys))
        {
            if (!NameRules.IsValid(Encoding.UTF8.GetBytes(symbol)))
            {
                throw new GridException(GridErrorCode.BadName, $"instrument: {NameRules.Explain(symbol)}");
            }
        }

        foreach (var pattern in request.Patterns)
        {
            if (!NameRules.IsValid(Encoding.UTF8.GetBytes(pattern)))
            {
                throw new GridException(GridErrorCode.BadName, $"pattern: {NameRules.Explain(pattern)}");
            }
        }

        return _engine.Image.Subscriptions.Subscribe(request, _engine.Image.Context.Order, wake);
    }

    /// <summary>Takes a snapshot now and waits for it.</summary>
    public Task SnapshotAsync() => _engine.SnapshotAsync();

    /// <summary>Both hashes of the state as it is when all batches taken so far are applied; see <see cref="JournalReplay"/>.</summary>
    public Task<(string Market, string Full)> HashAsync() => _engine.PauseAsync(() => StateHash.Of(_engine.Image));

    /// <summary>Applies and flushes what was taken, takes a snapshot and closes the data folder.</summary>
    public ValueTask DisposeAsync()
    {
        _meter.Dispose();
        return _engine.DisposeAsync();
    }

    // Before PostgreSQL is reached it is not known what is in it: asking again helps.
    private void RequireCommitted(FeedHello hello)
    {
        var (code, why) = _engine.Postgres switch
        {
            null => (GridErrorCode.AckUnavailable, "this grid has no PostgreSQL"),
            { Ended: { } ended } => (GridErrorCode.AckUnavailable, $"nothing is written to PostgreSQL any more ({ended})"),
            { IsClaimed: false } => (GridErrorCode.StorageFailed, "PostgreSQL was not reached yet"),
            _ when hello.Ack != AckLevel.Committed => (GridErrorCode.AckUnavailable, "there is no such one"),
            _ => (GridErrorCode.None, string.Empty),
        };
        if (code != GridErrorCode.None)
        {
            throw new GridException(
                code, $"producer '{hello.Producer}' asks for acknowledgement '{hello.Ack}', but {why}; 'received' and 'journaled' are to be had");
        }
    }

    private InstrumentQuality QualityOf(InstrumentState state)
    {
        var counts = state.ReadCounts(out var newest);
        return new InstrumentQuality(state.Id, counts, newest, _engine.Image.Gaps.CountIn(state.Windows.All().Select(w => w.Domain)));
    }

    // In symbol order.
    private IEnumerable<InstrumentState> Matching(string pattern, string? after, Func<InstrumentState, bool> isWanted)
    {
        var wanted = Encoding.UTF8.GetBytes(pattern);
        return _engine.Image.Instruments.All()
            .Where(s => isWanted(s) && SymbolPattern.Matches(wanted, Names.Instruments[(int)s.Id.Value]))
            .Select(s => (State: s, Symbol: Names.Symbol(s.Id)))
            .Where(s => after is null || string.CompareOrdinal(s.Symbol, after) > 0)
            .OrderBy(s => s.Symbol, StringComparer.Ordinal)
            .Select(s => s.State);
    }

    private async ValueTask<InstrumentView?> ViewAsync(InstrumentId instrument, CancellationToken cancel)
    {
        var state = _engine.Image.Instruments[instrument];
        return state is null ? null : await _engine.AskAsync(instrument, _ => InstrumentView.Of(state)).WaitAsync(cancel).ConfigureAwait(false);
    }
}

using System.Diagnostics.Metrics;
using Grid.Domain.Validation;

namespace Grid.Runtime.Metrics;

/// <summary>
/// What an engine knows of itself, as instruments that are read when somebody asks: they cost nothing until then. The names
/// follow OpenTelemetry's conventions; the executable turns them into Prometheus text and OTLP.
/// </summary>
internal sealed class GridMeter : IDisposable
{
    /// <summary>The name of the engine's meters.</summary>
    public const string Name = "Grid";

    // A label for each producer: those that connect choose the names, so there is a most.
    private const int ProducersMax = 1000;

    private readonly Meter _meter = new(Name);
    private readonly GridEngine _engine;

    public GridMeter(GridEngine engine, EmbeddedGridOptions options)
    {
        _engine = engine;
        var (intake, image, journal) = (engine.Intake, engine.Image, engine.Journal);
        Counter("grid.events.received", "{event}", "Events taken in.", () => intake.EventsReceived);
        Counter("grid.batches.received", "{batch}", "Batches taken in.", () => intake.BatchesReceived);
        _meter.CreateObservableCounter("grid.outcomes", Outcomes, "{event}", "What was decided of events since the data folder was made.");
        Gauge("grid.batches.queued", "{batch}", "Batches taken in and not yet applied.", () => intake.InFlight);
        Gauge("grid.batches.limit", "{batch}", "Batches that may be queued before feeds have to wait.", () => options.BatchesInFlightMax);
        Counter("grid.journal.written", "By", "Bytes appended to the journal.", () => journal.BytesAppended);
        Counter("grid.journal.flushes", "{flush}", "Times the journal was flushed.", () => journal.Flushes);
        Gauge("grid.journal.unflushed", "{frame}", "Journal frames appended and not yet flushed.", () => (long)(journal.LastLsn - journal.FlushedLsn));
        Counter("grid.snapshots.taken", "{snapshot}", "Snapshots taken.", () => engine.Snapshots.Taken);
        Counter("grid.snapshots.failed", "{snapshot}", "Snapshots that failed.", () => engine.Snapshots.Failed);
        _meter.CreateObservableGauge("grid.snapshot.age", SnapshotAge, "s", "Time since the newest snapshot was taken; absent without one.");
        _meter.CreateObservableGauge("grid.snapshot.duration", () => engine.Snapshots.Took.TotalSeconds, "s", "What the newest snapshot took to write.");
        Gauge("grid.snapshot.covered", "{frame}", "The journal frame that the newest snapshot covers.", () => (long)engine.Snapshots.NewestLsn);
        Gauge("grid.hot_store.size", "By", "Bytes of the hot store.", () => image.Shards.Sum(s => s.History.Bytes));
        Gauge("grid.hot_store.limit", "By", "Bytes the hot store may grow to.", () => options.HotStoreBytesMax);
        Gauge("grid.instruments", "{instrument}", "Instruments with state.", () => image.Shards.Sum(s => s.Instruments));
        Gauge("grid.gaps.open", "{gap}", "Open gaps of contiguous sequence domains.", () => image.Gaps.Count);
        Counter("grid.gaps.forgotten", "{gap}", "Open gaps that are told no more, as there were too many of them or of their domains.", () => (long)image.Gaps.Forgotten.Gaps);
        Gauge("grid.quarantine.listed", "{event}", "Rejected events that can be listed.", () => image.Quarantine.Count);
        _meter.CreateObservableGauge("grid.clock.drift", () => engine.Clock.Drift.TotalSeconds, "s", "How far the wall clock was set since the start, against the clock that only measures.");
        Gauge("grid.feeds", "{feed}", "Open feeds.", () => intake.Feeds);
        if (options.Postgres is not null)
        {
            AddPostgres(options);
        }

        if (options.Archive is not null)
        {
            AddArchive();
        }

        _meter.CreateObservableGauge("grid.producer.lag", ProducerLags, "{batch}", "Batches of a connected producer that are taken in and not yet durable.");
    }

    public void Dispose() => _meter.Dispose();

    private void Counter(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);

    private void Gauge(string name, string unit, string description, Func<long> read) => _meter.CreateObservableGauge(name, read, unit, description);

    private void AddPostgres(EmbeddedGridOptions options)
    {
        PostgresStatus? Status() => _engine.Postgres?.GetStatus();
        Counter("grid.postgres.flushes", "{flush}", "Flushes committed to PostgreSQL.", () => Status()?.Flushes ?? 0);
        Counter("grid.postgres.rows", "{row}", "Rows of ticks, runs and quarantine written to PostgreSQL.", () => Status()?.Rows ?? 0);
        Counter("grid.postgres.rows.refused", "{row}", "Rows that PostgreSQL refused.", () => Status()?.RowsRefused ?? 0);
        Counter("grid.postgres.failures", "{attempt}", "Attempts to write to PostgreSQL that failed.", () => Status()?.Failures ?? 0);
        Counter("grid.postgres.circuit.opened", "{time}", "Times that no attempts were made for a while.", () => Status()?.CircuitOpened ?? 0);
        Gauge("grid.postgres.circuit", "{state}", "0 while PostgreSQL is written to, 1 while it is left alone, 2 while it is tried again.", () => (long)(Status()?.Circuit ?? default));
        Gauge("grid.postgres.committed", "{frame}", "The last input frame of the journal that is in PostgreSQL.", () => (long)(Status()?.CommittedFrame ?? 0));
        Gauge("grid.postgres.lag.frames", "{frame}", "Journal frames flushed and not in PostgreSQL.", () => (long)(Status()?.LagFrames ?? 0));
        Gauge("grid.postgres.lag.size", "By", "Bytes of the journal that are not in PostgreSQL.", () => Status()?.LagBytes ?? 0);
        Gauge("grid.postgres.lag.limit", "By", "Bytes of the journal that may be owed to PostgreSQL before feeds wait.", () => options.OwedBytesMax);
        _meter.CreateObservableCounter(
            "grid.postgres.statement.failures", StatementFailures, "{statement}", "Statements that failed, by SQLSTATE; 'connection' where none came.");
        _meter.CreateObservableGauge("grid.postgres.lag", () => Status()?.Lag.TotalSeconds ?? 0, "s", "Age of the oldest batch that is not in PostgreSQL.");
    }

    private void AddArchive()
    {
        ArchiveStatus? Status() => _engine.Archive?.GetStatus();
        Counter("grid.archive.failures", "{publication}", "Publications of the archive that failed.", () => Status()?.Failures ?? 0);
        Gauge("grid.archive.rows", "{row}", "Rows of the archive.", () => Status()?.Rows ?? 0);
        Gauge("grid.archive.size", "By", "Bytes of the archive's files.", () => Status()?.Bytes ?? 0);
        Gauge("grid.archive.files", "{file}", "Files of the archive.", () => Status()?.Files ?? 0);
        Gauge("grid.archive.lag.frames", "{frame}", "Journal frames flushed and not archived.", () => (long)(Status()?.LagFrames ?? 0));
        Gauge("grid.archive.lag.size", "By", "Bytes of the journal that are not archived.", () => _engine.Intake.OwedToArchive.Bytes);
    }

    private IEnumerable<Measurement<long>> Outcomes() =>
        from counted in _engine.Image.TotalCounts().NonZero()
        select new Measurement<long>(
            counted.Value,
            new("disposition", counted.Key.Disposition.ToString().ToLowerInvariant()),
            new("reason", counted.Key.Reason == RejectReason.None ? "none" : counted.Key.Reason.ToString()));

    private IEnumerable<Measurement<long>> StatementFailures() => _engine.Postgres?.Statements.Failures() ?? [];

    private IEnumerable<Measurement<double>> SnapshotAge() => _engine.Snapshots.Age is { } age ? [new(age.TotalSeconds)] : [];

    private IEnumerable<Measurement<long>> ProducerLags() =>
        from producer in _engine.Image.Producers.Connected().Take(ProducersMax)
        select new Measurement<long>(producer.Lag, new KeyValuePair<string, object?>("producer", producer.Name));
}

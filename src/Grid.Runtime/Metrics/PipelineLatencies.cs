using System.Diagnostics.Metrics;

namespace Grid.Runtime.Metrics;

/// <summary>
/// How long batches take through the engine, and how long the disk takes. One number per batch and per flush, not per event;
/// nothing is allocated. From these come the histograms of <see cref="GridMeter"/> and the percentiles of the status.
/// </summary>
internal sealed class PipelineLatencies : IDisposable
{
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly Meter _meter = new(GridMeter.Name);
    private readonly TimeProvider _time;
    private readonly Histogram<double> _visible;
    private readonly Histogram<double> _acknowledged;
    private readonly Histogram<double> _flush;
    private long _flushBegunAt;

    public PipelineLatencies(TimeProvider time)
    {
        _time = time;
        Visible = new RecentLatencies(time);
        Acknowledged = new RecentLatencies(time);
        Flush = new RecentLatencies(time);
        _visible = Create("grid.batch.visible.duration", "From receiving a batch until queries see all of its events.");
        _acknowledged = Create("grid.batch.acknowledged.duration", "From receiving a batch until it is acknowledged as journaled.");
        _flush = Create("grid.journal.flush.duration", "What the disk took to flush the journal once.");
    }

    /// <summary>From receiving a batch until all shards have applied it.</summary>
    public RecentLatencies Visible { get; }

    /// <summary>From receiving a batch until it is acknowledged.</summary>
    public RecentLatencies Acknowledged { get; }

    /// <summary>What the disk took for a flush.</summary>
    public RecentLatencies Flush { get; }

    /// <summary>How long the flush at hand has taken so far; zero if there is none.</summary>
    public TimeSpan FlushingFor => Volatile.Read(ref _flushBegunAt) is var begunAt and not 0 ? _time.GetElapsedTime(begunAt) : TimeSpan.Zero;

    public long Now() => _time.GetTimestamp();

    /// <summary>A batch that came at a time is applied.</summary>
    public void CountVisible(long receivedAt) => Count(receivedAt, Visible, _visible);

    /// <summary>A batch that came at a time is acknowledged.</summary>
    public void CountAcknowledged(long receivedAt) => Count(receivedAt, Acknowledged, _acknowledged);

    /// <summary>A flush begins. On the thread that ends it.</summary>
    public void BeginFlush() => Volatile.Write(ref _flushBegunAt, Now());

    /// <summary>The flush that was begun is done.</summary>
    public void EndFlush()
    {
        Count(_flushBegunAt, Flush, _flush);
        Volatile.Write(ref _flushBegunAt, 0);
    }

    public void Dispose() => _meter.Dispose();

    private void Count(long since, RecentLatencies recent, Histogram<double> histogram)
    {
        var took = _time.GetElapsedTime(since);
        recent.Add(took);
        histogram.Record(took.TotalSeconds);
    }

    private Histogram<double> Create(string name, string description) => _meter.CreateHistogram(name, "s", description, tags: null, Buckets);
}

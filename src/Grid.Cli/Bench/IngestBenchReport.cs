namespace Grid.Cli.Bench;

/// <summary>One second of an ingest benchmark.</summary>
/// <param name="Seconds">Since the feeder began.</param>
/// <param name="EventsPerSecond">Events acknowledged in a second since the sample before.</param>
/// <param name="OutstandingBatches">Batches that the feeder has and the server has not acknowledged.</param>
/// <param name="QueuedBatches">Batches that the server has taken and not finished.</param>
/// <param name="JournalBytes">Bytes appended to the journal.</param>
/// <param name="JournalFlushes">Flushes of the journal.</param>
/// <param name="DirtyBytes">File pages of the whole machine that wait for the disk.</param>
/// <param name="ServerAnonymousBytes">The server's memory that is no mapped file.</param>
internal sealed record IngestBenchSample(
    double Seconds,
    long EventsPerSecond,
    long OutstandingBatches,
    long QueuedBatches,
    long JournalBytes,
    long JournalFlushes,
    long DirtyBytes,
    long ServerAnonymousBytes);

/// <summary>What <c>bench ingest</c> measured and checked.</summary>
internal sealed record IngestBenchReport
{
    private const double BatchesSlack = 2;
    private const double DirtySlackBytes = 64 << 20;

    /// <summary>The command line.</summary>
    public required string Command { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The machine.</summary>
    public required MachineDescription Machine { get; init; }

    /// <summary>What was asked of the feeder.</summary>
    public required IngestFeederOptions Options { get; init; }

    /// <summary>Events acknowledged in a second, from the first event to the last acknowledgement.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>The feeder's figures.</summary>
    public required IngestFeederReport Feeder { get; init; }

    /// <summary>The ingest rate as a share of that of the bare loops of 80-byte events, both together; absent without them.</summary>
    public double? Ratio { get; init; }

    /// <summary>The same as a share of the faster of the two: a disk that others use makes a bare loop slower, never faster.</summary>
    public double? RatioToFastest { get; init; }

    /// <summary>The bare loops of 80-byte events, before and after.</summary>
    public required IReadOnlyList<BareLoopResult> BareLoops { get; init; }

    /// <summary>Bytes of an event on the wire, with its share of the batch.</summary>
    public required double WireBytesPerEvent { get; init; }

    /// <summary>A bare loop of events of so many bytes; absent without bare loops.</summary>
    public BareLoopResult? BareLoopOfWireSize { get; init; }

    /// <summary>Bytes appended to the journal.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Flushes of the journal.</summary>
    public required long Flushes { get; init; }

    /// <summary>Bytes that the server caused to be written to disks by the end of the feeding: journal, hot store, snapshots.</summary>
    public required long BytesWritten { get; init; }

    /// <summary>Processor time of the server while it was fed, in nanoseconds per event.</summary>
    public required double ServerCpuNsPerEvent { get; init; }

    /// <summary>Processor time of the feeder, in nanoseconds per event.</summary>
    public required double FeederCpuNsPerEvent { get; init; }

    /// <summary>Managed bytes that the server allocated while it was fed, per event; absent if it does not tell.</summary>
    public double? ServerAllocatedBytesPerEvent { get; init; }

    /// <summary>Managed bytes that the feeder allocated per event.</summary>
    public required double FeederAllocatedBytesPerEvent { get; init; }

    /// <summary>What the server used.</summary>
    public required ProcessUsage Server { get; init; }

    /// <summary>What the feeder used.</summary>
    public required ProcessUsage FeederProcess { get; init; }

    /// <summary>Outcomes of all events, as the server acknowledged them.</summary>
    public required IngestOutcomes Outcomes { get; init; }

    /// <summary>True if no backlog grew; see <see cref="IsFlat"/>.</summary>
    public required bool IsBacklogFlat { get; init; }

    /// <summary>Seconds one by one.</summary>
    public required IReadOnlyList<IngestBenchSample> Samples { get; init; }

    /// <summary>The market hash of the data folder; absent if it was not asked for.</summary>
    public string? MarketHash { get; init; }

    /// <summary>The market hash of the same stream applied by another process; absent if it was not asked for.</summary>
    public string? ReferenceMarketHash { get; init; }

    /// <summary>PostgreSQL's part; absent without one.</summary>
    public PostgresBenchResult? Postgres { get; init; }

    /// <summary>What is not as the market's model says; empty if all is.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary>The data folder, if it was kept.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// True if no backlog grew: the feeder's and the server's are no longer in the last third than in the first, and what waits
    /// for the disk is no more in the last third than it ever was before (it rises until a snapshot flushes it). Too few
    /// seconds to tell are not flat.
    /// </summary>
    public static bool IsFlat(IReadOnlyList<IngestBenchSample> samples)
    {
        var third = samples.Count / 3;
        if (third == 0)
        {
            return false;
        }

        var first = samples.Take(third).ToList();
        var last = samples.TakeLast(third).ToList();
        return Holds(s => s.OutstandingBatches) && Holds(s => s.QueuedBatches)
            && last.Max(s => s.DirtyBytes) <= (1.25 * samples.SkipLast(third).Max(s => s.DirtyBytes)) + DirtySlackBytes;

        bool Holds(Func<IngestBenchSample, long> backlog) => last.Average(backlog) <= (1.1 * first.Average(backlog)) + BatchesSlack;
    }

    /// <summary>Writes it for people.</summary>
    public void Tell()
    {
        var events = Math.Max(1, Feeder.Events);
        BenchReport.Tell("machine", Machine.ToString());
        BenchReport.Tell("command", Command);
        BenchReport.Tell("generator", $"{BenchReport.Rate(Feeder.GeneratorEventsPerSecond)} alone");
        foreach (var bare in BareLoops)
        {
            BenchReport.Tell("bare loop", Describe(bare));
        }

        if (BareLoopOfWireSize is { } small)
        {
            BenchReport.Tell(string.Empty, $"{Describe(small)}: the bytes that an event of ours has on the wire ({WireBytesPerEvent:0.0})");
        }

        BenchReport.Tell("ingest", $"{BenchReport.Rate(EventsPerSecond)} for {Feeder.Seconds:0.0} s, {Feeder.Events:N0} events, ack {Options.Ack.ToString().ToLowerInvariant()}, {Options.Instruments:N0} instruments{(Ratio is { } ratio ? $", {ratio:0.00} of the bare loops, {RatioToFastest:0.00} of the faster" : string.Empty)}");
        BenchReport.Tell("backlogs", $"{(IsBacklogFlat ? "flat" : "not flat, or too short to tell")} over {Samples.Count} s; events in a second {Rates()}");
        BenchReport.Tell("outcomes", Outcomes.ToString());
        BenchReport.Tell("ack", Feeder.Acknowledgement.ToString());
        BenchReport.Tell("journal", $"{JournalBytes:N0} bytes ({JournalBytes / (double)events:0.0} per event) in {Flushes:N0} flushes; the server wrote {BytesWritten:N0} bytes in all ({BytesWritten / (double)events:0.0} per event)");
        if (Postgres is { } postgres)
        {
            BenchReport.Tell("postgres", $"{postgres.RowsWhileFed:N0} rows while it was fed, {postgres.RowsAfterwards:N0} afterwards at {BenchReport.Rate(postgres.RowsPerSecond)}, {postgres.Flushes:N0} flushes; COPY alone {BenchReport.Rate(postgres.CopyRowsPerSecond)}{(postgres.Ratio is { } share ? $", so {share:0.00} of it" : string.Empty)}");
        }

        BenchReport.Tell("processor", $"server {ServerCpuNsPerEvent:0} ns per event, feeder {FeederCpuNsPerEvent:0} ns");
        BenchReport.Tell("memory", $"server {Mb(Server.PeakRssBytes)} MB at most with mapped files, {Mb(Samples.Select(s => s.ServerAnonymousBytes).DefaultIfEmpty().Max())} MB without; feeder {Mb(FeederProcess.PeakRssBytes)} MB");
        BenchReport.Tell("allocated", $"{(ServerAllocatedBytesPerEvent is { } server ? $"server {server:0.000} bytes per event, " : string.Empty)}feeder {FeederAllocatedBytesPerEvent:0.000} bytes per event");
        if (MarketHash is not null)
        {
            BenchReport.Tell("market hash", MarketHash + (ReferenceMarketHash is null ? string.Empty : ReferenceMarketHash == MarketHash ? ", the same from a second run" : $", but {ReferenceMarketHash} from a second run"));
        }

        BenchReport.Tell("check", Differences.Count == 0 ? "every count, price, size and volume is what the market's model says" : string.Join("; ", Differences));
        if (DataFolder is not null)
        {
            BenchReport.Tell("data", DataFolder);
        }
    }

    private string Rates()
    {
        var rates = Samples.Select(s => s.EventsPerSecond).Order().ToList();
        return rates.Count == 0 ? "not sampled" : $"{BenchReport.Rate(rates[0])} at least, {BenchReport.Rate(rates[rates.Count / 2])} in the middle, {BenchReport.Rate(rates[^1])} at most";
    }

    private static string Describe(BareLoopResult bare) =>
        $"{BenchReport.Rate(bare.EventsPerSecond)} of {bare.EventBytes}-byte events for {bare.Seconds:0.0} s, {bare.EventsPerSecond * (double)bare.EventBytes / 1e6:0} MB/s in {bare.Flushes:N0} flushes";

    private static string Mb(long bytes) => $"{bytes / (double)(1 << 20):N0}";
}

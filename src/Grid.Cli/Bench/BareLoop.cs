namespace Grid.Cli.Bench;

/// <summary>What a bare loop is asked to do.</summary>
internal sealed record BareLoopOptions
{
    /// <summary>Instruments that the events are of.</summary>
    public const int Instruments = 5_000;

    /// <summary>Where an event has its instrument's number: four bytes.</summary>
    public const int InstrumentAt = 4;

    /// <summary>Full segments that stay on the disk.</summary>
    public const int SegmentsKept = 4;

    /// <summary>Bytes of an event; at least 8.</summary>
    public int EventBytes { get; init; } = 80;

    /// <summary>How long the source sends.</summary>
    public double Seconds { get; init; } = 60;

    /// <summary>Bytes that are written and flushed together: about what a group commit gathers.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    /// <summary>Bytes for which each file is preallocated.</summary>
    public long SegmentBytes { get; init; } = 256 << 20;

    /// <summary>Where the files are.</summary>
    public string Folder { get; init; } = string.Empty;

    /// <summary>Where the sink listens.</summary>
    public string Sink { get; init; } = "127.0.0.1:0";
}

/// <summary>What a bare loop did.</summary>
/// <param name="EventBytes">Bytes of an event.</param>
/// <param name="Events">Events sent, received, written and flushed.</param>
/// <param name="Seconds">From the first byte sent to the answer that the last is on the disk.</param>
/// <param name="Flushes">Flushes.</param>
/// <param name="SourceCpuSeconds">Processor time of the source.</param>
/// <param name="SinkCpuSeconds">Processor time of the sink.</param>
internal sealed record BareLoopResult(int EventBytes, long Events, double Seconds, long Flushes, double SourceCpuSeconds, double SinkCpuSeconds)
{
    /// <summary>Events in a second.</summary>
    public long EventsPerSecond => (long)(Events / Seconds);
}

/// <summary>
/// A bare socket-to-disk loop in two processes: the measure of what is lost to everything that Grid does with an event
/// besides taking it from a socket and putting it on a disk.
/// </summary>
internal static class BareLoop
{
    /// <summary>Runs it and measures both processes.</summary>
    /// <exception cref="CommandFailure">One of the processes failed.</exception>
    public static async Task<BareLoopResult> MeasureAsync(BareLoopOptions options, CancellationToken cancel)
    {
        await using var sink = BenchProcess.StartPart(BenchPart.BareSink, options);
        var at = await sink.ReadLineAsync(cancel);
        await using var source = BenchProcess.StartPart(BenchPart.BareSource, options with { Sink = at });
        var result = await source.ReadAsync<BareLoopResult>(cancel);
        return result with { SourceCpuSeconds = source.Measure().CpuSeconds, SinkCpuSeconds = sink.Measure().CpuSeconds };
    }
}

using System.Runtime.InteropServices;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>What the feeder of <c>bench ingest</c> is asked to do.</summary>
internal sealed record IngestFeederOptions
{
    /// <summary>Events of a batch unless something else is asked for.</summary>
    public const int UsualBatchEvents = 8_192;

    /// <summary>Batches that may be unacknowledged unless something else is asked for.</summary>
    public const int UsualOutstandingBatches = 32;

    /// <summary>The server's feed address.</summary>
    public required string Server { get; init; }

    /// <summary>Instruments of the market.</summary>
    public required int Instruments { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Feeds so long, if <see cref="Events"/> do not end it.</summary>
    public required double Seconds { get; init; }

    /// <summary>Feeds so many events, if <see cref="Seconds"/> do not end it.</summary>
    public required long Events { get; init; }

    /// <summary>Events due in a second; 0 for as many as the server takes.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>The acknowledgement asked for.</summary>
    public required FeedAck Ack { get; init; }

    /// <summary>Events of a batch.</summary>
    public required int BatchEvents { get; init; }

    /// <summary>Batches that may be unacknowledged.</summary>
    public required int OutstandingBatches { get; init; }

    /// <summary>Where to leave the model of what must have come out: an array of <see cref="ExpectedInstrument"/>.</summary>
    public required string ModelFile { get; init; }

    /// <summary>Where to leave how the market's clock was moved: an array of <see cref="IngestClockStep"/>.</summary>
    public required string ClockFile { get; init; }

    /// <summary>The market; half of the events share a time, and its own clock runs slower than the real one.</summary>
    public SyntheticMarketOptions Market(UnixNanos start) => new() { Start = start, Instruments = Instruments, Seed = Seed, SpacingNs = 50 };
}

/// <summary>One move of the market's clock.</summary>
/// <param name="Given">Events given before.</param>
/// <param name="Time">Nanoseconds since 1970.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IngestClockStep(long Given, long Time);

/// <summary>A line of the feeder: one of the two is set.</summary>
internal sealed record IngestFeederLine
{
    public IngestFeederSample? Sample { get; init; }

    public IngestFeederReport? Report { get; init; }
}

/// <summary>How far the feeder is.</summary>
/// <param name="Seconds">Since it began.</param>
/// <param name="Acknowledged">Events acknowledged.</param>
/// <param name="OutstandingBatches">Batches sent or about to be, and not acknowledged.</param>
internal sealed record IngestFeederSample(double Seconds, long Acknowledged, long OutstandingBatches);

/// <summary>What the feeder did.</summary>
internal sealed record IngestFeederReport
{
    /// <summary>Events that the generator makes in a second when nothing else is done.</summary>
    public required long GeneratorEventsPerSecond { get; init; }

    /// <summary>Where the market's clock started.</summary>
    public required long Start { get; init; }

    /// <summary>Where it stood at the end.</summary>
    public required long End { get; init; }

    /// <summary>From the first event to the last acknowledgement.</summary>
    public required double Seconds { get; init; }

    /// <summary>Events acknowledged.</summary>
    public required long Events { get; init; }

    /// <summary>Events that the market gave.</summary>
    public required long Given { get; init; }

    /// <summary>Of these, all but what was still held back when the time was over.</summary>
    public required long GivenInTurn { get; init; }

    /// <summary>Of these, events given twice.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Of these, events given late.</summary>
    public required long Late { get; init; }

    /// <summary>Batches.</summary>
    public required long Batches { get; init; }

    /// <summary>Their bytes.</summary>
    public required long BatchBytes { get; init; }

    /// <summary>Times that the connection was lost.</summary>
    public required int Reconnects { get; init; }

    /// <summary>What the server decided.</summary>
    public required IngestOutcomes Outcomes { get; init; }

    /// <summary>Processor time of the feeding.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>Managed memory allocated by the feeding.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>From the event handed over (or due) to its acknowledgement seen.</summary>
    public required LatencyFigures Acknowledgement { get; init; }
}

/// <summary>How many events had which outcome.</summary>
internal sealed record IngestOutcomes(long Accepted, long Flagged, long Duplicate, long Rejected)
{
    public static IngestOutcomes Of(OutcomeCounts counts) => new(counts.Accepted, counts.Flagged, counts.Duplicate, counts.Rejected);

    /// <inheritdoc/>
    public override string ToString() => $"{Accepted:N0} accepted, {Flagged:N0} flagged, {Duplicate:N0} duplicate, {Rejected:N0} rejected";
}

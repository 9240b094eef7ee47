using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>What the feeder of <c>bench ilp</c> is asked to do.</summary>
internal sealed record IlpFeederOptions
{
    /// <summary>The server's HTTP address.</summary>
    public required string Server { get; init; }

    /// <summary>Instruments of all connections together.</summary>
    public required int Instruments { get; init; }

    /// <summary>Makes the markets.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Keep-alive connections, each with a market of its own and one request at a time.</summary>
    public required int Connections { get; init; }

    /// <summary>Rows of a request.</summary>
    public required int Rows { get; init; }

    /// <summary>Requests of a round: so many are prepared, and sent again and again with new numbers and times.</summary>
    public required int Requests { get; init; }

    /// <summary>Feeds so long, then to the end of each connection's round.</summary>
    public required double Seconds { get; init; }

    /// <summary>Where to leave the model of what must have come out: an array of <see cref="ExpectedInstrument"/>, connection by connection.</summary>
    public required string ModelFile { get; init; }

    /// <summary>Instruments of one connection.</summary>
    public int InstrumentsOfOne => Math.Max(1, Instruments / Connections);

    /// <summary>What the symbols of a connection begin with.</summary>
    public static string Prefix(int connection) => $"{(char)('A' + (connection % 26))}{connection / 26}.";
}

/// <summary>What the feeder of <c>bench ilp</c> did.</summary>
internal sealed record IlpFeederReport
{
    /// <summary>First event time.</summary>
    public required long Start { get; init; }

    /// <summary>Last event time.</summary>
    public required long End { get; init; }

    /// <summary>From the first request to the last answer.</summary>
    public required double Seconds { get; init; }

    /// <summary>Rows sent and answered.</summary>
    public required long Rows { get; init; }

    /// <summary>Of these, rows sent twice.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Requests.</summary>
    public required long Requests { get; init; }

    /// <summary>Bytes of their bodies.</summary>
    public required long BodyBytes { get; init; }

    /// <summary>What the answers said.</summary>
    public required IngestOutcomes Outcomes { get; init; }

    /// <summary>Processor time of the feeding.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>From a request's first byte to its answer.</summary>
    public required LatencyFigures Answer { get; init; }
}

/// <summary>What <c>bench ilp</c> measured and checked.</summary>
internal sealed record IlpBenchReport
{
    /// <summary>The command line.</summary>
    public required string Command { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The machine.</summary>
    public required MachineDescription Machine { get; init; }

    /// <summary>What was asked of the feeder.</summary>
    public required IlpFeederOptions Options { get; init; }

    /// <summary>Rows answered in a second, from the first request to the last answer.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>The feeder's figures.</summary>
    public required IlpFeederReport Feeder { get; init; }

    /// <summary>Processor time of the server, in nanoseconds per row.</summary>
    public required double ServerCpuNsPerRow { get; init; }

    /// <summary>Processor time of the feeder, in nanoseconds per row.</summary>
    public required double FeederCpuNsPerRow { get; init; }

    /// <summary>Bytes appended to the journal.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Flushes of the journal.</summary>
    public required long Flushes { get; init; }

    /// <summary>Managed bytes that the server allocated, per row.</summary>
    public required double ServerAllocatedBytesPerRow { get; init; }

    /// <summary>What the server used.</summary>
    public required ProcessUsage Server { get; init; }

    /// <summary>What is not as the markets' models say; empty if all is.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary>Writes it for people.</summary>
    public void Tell()
    {
        var rows = Math.Max(1, Feeder.Rows);
        BenchReport.Tell("machine", Machine.ToString());
        BenchReport.Tell("command", Command);
        BenchReport.Tell("ilp", $"{BenchReport.Rate(EventsPerSecond)} rows for {Feeder.Seconds:0.0} s, {Feeder.Rows:N0} rows of {Feeder.BodyBytes / (double)rows:0} bytes in {Feeder.Requests:N0} requests over {Options.Connections} connections, {Options.Instruments:N0} instruments");
        BenchReport.Tell("outcomes", Feeder.Outcomes.ToString());
        BenchReport.Tell("answer", Feeder.Answer.ToString());
        BenchReport.Tell("journal", $"{JournalBytes:N0} bytes ({JournalBytes / (double)rows:0.0} per row) in {Flushes:N0} flushes");
        BenchReport.Tell("processor", $"server {ServerCpuNsPerRow:0} ns per row, feeder {FeederCpuNsPerRow:0} ns");
        BenchReport.Tell("allocated", $"server {ServerAllocatedBytesPerRow:0.000} bytes per row");
        BenchReport.Tell("check", Differences.Count == 0 ? "every count, price, size and volume is what the markets' models say" : string.Join("; ", Differences));
    }
}

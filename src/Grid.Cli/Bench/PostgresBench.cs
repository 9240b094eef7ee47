using System.Text.Json;
using Grid.Storage.Postgres;

namespace Grid.Cli.Bench;

/// <summary>How fast a server brought what it was fed to PostgreSQL, and what COPY alone does there.</summary>
/// <param name="RowsWhileFed">Rows in the database when the feeder had its last acknowledgement.</param>
/// <param name="RowsAfterwards">Rows that came after that.</param>
/// <param name="SecondsAfterwards">How long they took: the writer alone, while nothing is fed.</param>
/// <param name="CopiedRows">Rows that COPY alone brought into an empty table like the ticks'.</param>
/// <param name="CopySeconds">How long that took.</param>
/// <param name="Flushes">Transactions.</param>
internal sealed record PostgresBenchResult(long RowsWhileFed, long RowsAfterwards, double SecondsAfterwards, long CopiedRows, double CopySeconds, long Flushes)
{
    /// <summary>Rows in a second of the writer alone.</summary>
    public long RowsPerSecond => (long)(RowsAfterwards / Math.Max(1e-9, SecondsAfterwards));

    /// <summary>Rows in a second of COPY alone.</summary>
    public long CopyRowsPerSecond => (long)(CopiedRows / Math.Max(1e-9, CopySeconds));

    /// <summary>The writer's rate as a share of that of COPY alone; null if everything was in before the feeder ended.</summary>
    public double? Ratio => RowsAfterwards < CopiedRows / 10 ? null : Math.Round(RowsPerSecond / (double)CopyRowsPerSecond, 3);
}

/// <summary>Measures the part of an ingest benchmark that is PostgreSQL's.</summary>
internal sealed class PostgresBench(string connectionString)
{
    // Some 300 MB.
    private const long CopiedRowsMax = 2_000_000;

    private long _rowsWhileFed;
    private long _rowsAfterwards;
    private long _flushes;
    private TimeSpan _took;

    /// <summary>Waits until the database has everything.</summary>
    /// <exception cref="CommandFailure">The server writes to none, or fails to.</exception>
    public async Task CatchUpAsync(BenchServer server, CancellationToken cancel)
    {
        var begun = TimeProvider.System.GetTimestamp();
        var status = await StatusAsync(server, cancel);
        _rowsWhileFed = status.GetProperty("rows").GetInt64();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (status.GetProperty("lag_frames").GetInt64() > 0)
        {
            if (status.GetProperty("error").GetString() is { } error)
            {
                throw new CommandFailure($"PostgreSQL: {error}");
            }

            await timer.WaitForNextTickAsync(cancel);
            status = await StatusAsync(server, cancel);
        }

        _took = TimeProvider.System.GetElapsedTime(begun);
        _rowsAfterwards = status.GetProperty("rows").GetInt64() - _rowsWhileFed;
        _flushes = status.GetProperty("flushes").GetInt64();
    }

    /// <summary>Compares with COPY alone.</summary>
    public async Task<PostgresBenchResult> CompareAsync(BenchFolder folder, CancellationToken cancel)
    {
        var (rows, took) = await CopyAlone.MeasureAsync(connectionString, CopiedRowsMax, Path.Combine(folder.Path, "ticks.copy"), TimeProvider.System, cancel);
        return new PostgresBenchResult(_rowsWhileFed, _rowsAfterwards, _took.TotalSeconds, rows, took.TotalSeconds, _flushes);
    }

    private static async Task<JsonElement> StatusAsync(BenchServer server, CancellationToken cancel)
    {
        var status = await server.GetAsync("/v1/status", cancel);
        return status.TryGetProperty("postgres", out var postgres) && postgres.ValueKind == JsonValueKind.Object
            ? postgres
            : throw new CommandFailure("the server writes to no PostgreSQL");
    }
}

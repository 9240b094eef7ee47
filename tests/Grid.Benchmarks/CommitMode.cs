using System.Diagnostics;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Benchmarks;

/// <summary>
/// Slices and ticks a second through one group committer, beside COPY alone of as many ticks. The database must have been made by
/// <c>grid migrate up</c> for this, and is filled.
/// </summary>
internal static class CommitMode
{
    private const int Grains = 1_000;
    private const int Ticks = 1_000_000;
    private const int BatchesMax = 60;
    private static readonly int[] SliceRows = [500, 100, 20, 4];
    private static readonly UnixNanos Start = new(1_764_000_000 * UnixNanos.PerSecond);

    public static async Task<int> RunAsync(string connectionString)
    {
        var names = new GridNames();
        await using var committer = await GroupCommitter.OpenAsync(
            new PostgresOptions { ConnectionString = connectionString }, new GroupCommitOptions { Silo = "benchmark" }, names, TimeProvider.System, CancellationToken.None);
        var begun = Stopwatch.GetTimestamp();
        var grains = await Task.WhenAll(Enumerable.Range(0, Grains).Select(g => committer.ClaimAsync(new GrainKey(GrainKind.Instrument, $"G{g}"), CancellationToken.None)));
        Console.WriteLine($"{Grains:N0} grains claimed in {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:N0} ms");
        ulong batch = 0;
        foreach (var rows in SliceRows)
        {
            var batches = Math.Min(BatchesMax, Ticks / Grains / rows);
            begun = Stopwatch.GetTimestamp();
            var commits = new List<Task>();
            for (var i = 0; i < batches; i++)
            {
                batch++;
                foreach (var grain in grains)
                {
                    commits.Add(committer.CommitAsync(await committer.ReserveAsync(rows, CancellationToken.None), SliceOf(grain.Claim, names, batch, rows)));
                }
            }

            await Task.WhenAll(commits);
            var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            Console.WriteLine($"slices of {rows}: {commits.Count / seconds:N0} slices/s, {commits.Count * (double)rows / seconds:N0} ticks/s");
        }

        var file = Path.GetTempFileName();
        try
        {
            var (copied, took) = await CopyAlone.MeasureAsync(connectionString, Ticks, file, TimeProvider.System, CancellationToken.None);
            Console.WriteLine($"COPY alone: {copied / took.TotalSeconds:N0} ticks/s");
            return 0;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static CommitSlice SliceOf(GrainClaim grain, GridNames names, ulong batch, int rows)
    {
        var slice = grain.NewSlice("producer", 1, batch, rows);
        for (var i = 0; i < rows; i++)
        {
            var sequence = (batch * 1_000) + (ulong)i;
            var time = new UnixNanos(Start.Value + ((long)sequence * 1_000_123));
            slice.Add(
                new MarketEvent
                {
                    Kind = EventKind.Trade,
                    Source = new SourceId((ushort)names.Sources.GetOrAdd("S")),
                    Instrument = grain.Instrument,
                    Session = 20251124,
                    Sequence = sequence,
                    EventTime = time,
                    ReceiveTime = time,
                    F0 = Price.Of(100).Raw + (long)sequence,
                    F1 = Quantity.One,
                },
                Outcome.Accepted);
        }

        return slice;
    }
}

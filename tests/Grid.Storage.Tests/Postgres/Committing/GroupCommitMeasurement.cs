using System.Diagnostics;
using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>Slices and ticks a second through one committer, beside COPY alone of the same ticks. Run it with <c>-explicit only</c>.</summary>
public sealed class GroupCommitMeasurement(CommitServer server, ITestOutputHelper output) : IClassFixture<CommitServer>
{
    private const int Grains = 1_000;
    private const int Ticks = 1_000_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(500)]
    [InlineData(100)]
    [InlineData(20)]
    [InlineData(4)]
    public async Task Slices_of_a_size_are_measured(int rows)
    {
        var batches = Math.Min(60, Ticks / Grains / rows);
        await using var database = await server.CreateAsync();
        var names = new GridNames();
        await using var committer = await CommitServer.OpenAsync(database, "silo-1", names);
        var claimed = Stopwatch.GetTimestamp();
        var grains = await Task.WhenAll(Enumerable.Range(0, Grains).Select(g => committer.ClaimAsync(new GrainKey(GrainKind.Instrument, $"G{g}"), Cancel)));
        var claiming = Stopwatch.GetElapsedTime(claimed);

        var begun = Stopwatch.GetTimestamp();
        var commits = new List<Task>();
        for (var batch = 1; batch <= batches; batch++)
        {
            foreach (var grain in grains)
            {
                commits.Add(committer.CommitAsync(await committer.ReserveAsync(rows, Cancel), CommitServer.SliceOf(grain.Claim, names, (ulong)batch, rows)));
            }
        }

        await Task.WhenAll(commits);
        var took = Stopwatch.GetElapsedTime(begun).TotalSeconds;

        var file = Path.GetTempFileName();
        try
        {
            var (copied, copying) = await CopyAlone.MeasureAsync(database.ConnectionString, Ticks, file, TimeProvider.System, Cancel);
            var ticks = (double)Grains * batches * rows;
            Assert.Equal((long)ticks, copied);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"slices of {rows}: {commits.Count / took:N0} slices/s, {ticks / took:N0} ticks/s in {committer.Counts.Commits} commits; COPY alone {copied / copying.TotalSeconds:N0} ticks/s; {Grains} grains claimed in {claiming.TotalMilliseconds:N0} ms"));
        }
        finally
        {
            File.Delete(file);
        }
    }
}

using System.Globalization;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>Twenty seeds in a normal run, two hundred with GRID_TEST_LONG=1. GRID_COMMIT_SEED runs one seed, or a range of them: 21-80.</summary>
public sealed class GroupCommitSimulationTests(CommitServer server, ITestOutputHelper output) : IClassFixture<CommitServer>
{
    private const string SeedVariable = "GRID_COMMIT_SEED";

    [Fact]
    public async Task Two_silos_that_compete_and_die_lose_and_double_no_slice()
    {
        var (first, last) = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } seeds
            ? (int.Parse(seeds.Split('-')[0], CultureInfo.InvariantCulture), int.Parse(seeds.Split('-')[^1], CultureInfo.InvariantCulture))
            : (1, Environment.GetEnvironmentVariable("GRID_TEST_LONG") == "1" ? 200 : 20);
        var faults = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var seed = first; seed <= last; seed++)
        {
            await using var database = await server.CreateAsync();
            await using var simulation = new CommitSimulation(database, seed);
            try
            {
                await simulation.RunAsync(TestContext.Current.CancellationToken);
            }
            catch (Exception e)
            {
                Assert.Fail($"{SeedVariable}={seed} fails, after {string.Join(", ", simulation.Faults)}: {e}");
            }

            foreach (var (fault, count) in simulation.Faults)
            {
                faults[fault] = faults.GetValueOrDefault(fault) + count;
            }
        }

        output.WriteLine($"seeds {first} to {last}: {string.Join(", ", faults.Select(f => $"{f.Value} {f.Key}"))}");
        Assert.True(last - first < 19 || faults.Count == 6, $"not every kind of fault came: {string.Join(", ", faults.Keys)}");
    }
}

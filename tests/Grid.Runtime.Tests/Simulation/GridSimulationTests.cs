using System.Collections.Concurrent;
using System.Globalization;

namespace Grid.Runtime.Tests.Simulation;

public sealed class GridSimulationTests
{
    private const string SeedVariable = "GRID_SIM_SEED";
    private const string LongVariable = "GRID_TEST_LONG";
    private const int Threads = 2;
    private const int FailuresShown = 3;

    [Fact]
    public void A_grid_that_fails_anywhere_keeps_what_it_acknowledged_and_ends_as_if_nothing_had_happened()
    {
        if (Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } one)
        {
            var only = new ConcurrentDictionary<int, string>();
            Run(int.Parse(one, CultureInfo.InvariantCulture), only, new ConcurrentDictionary<CrashPoint, int>());
            Assert.True(only.IsEmpty, string.Concat(only.Values));
            return;
        }

        var seeds = Environment.GetEnvironmentVariable(LongVariable) == "1" ? 100_000 : 1_000;
        var failures = new ConcurrentDictionary<int, string>();
        var crashes = new ConcurrentDictionary<CrashPoint, int>();

        // Threads of its own: a simulation waits now and then for what the pool finishes.
        var threads = Enumerable.Range(0, Threads).Select(t => new Thread(() =>
        {
            for (var seed = t; seed < seeds && failures.Count < FailuresShown; seed += Threads)
            {
                Run(seed, failures, crashes);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures.OrderBy(f => f.Key).Select(f => f.Value)));
        Assert.Equal(Enum.GetValues<CrashPoint>(), crashes.Keys.Order());
    }

    private static void Run(int seed, ConcurrentDictionary<int, string> failures, ConcurrentDictionary<CrashPoint, int> crashes)
    {
        var simulation = new GridSimulation(seed);
        try
        {
            simulation.Run();
        }
        catch (Exception failure)
        {
            failures[seed] = $"{SeedVariable}={seed} fails; run it alone with: {SeedVariable}={seed} dotnet test tests/Grid.Runtime.Tests\n"
                + string.Join('\n', simulation.Diary) + $"\n{failure}";
        }

        foreach (var (point, times) in simulation.Plan.Crashes)
        {
            crashes.AddOrUpdate(point, times, (_, before) => before + times);
        }
    }
}

using System.Collections.Concurrent;
using System.Globalization;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>
/// A thousand seeds in a normal run, a hundred thousand with GRID_TEST_LONG=1. GRID_SIM_SEED runs one seed, or a range of
/// them as FIRST-LAST.
/// </summary>
public sealed class GridSimulationTests
{
    private const string SeedVariable = "GRID_SIM_SEED";
    private const string LongVariable = "GRID_TEST_LONG";
    private const int Threads = 2;
    private const int FailuresShown = 3;

    [Fact]
    public void A_grid_that_fails_anywhere_keeps_what_it_acknowledged_and_ends_as_if_nothing_had_happened()
    {
        var (first, last) = Seeds(out var isChosen);
        var failures = new ConcurrentDictionary<int, string>();
        var crashes = new ConcurrentDictionary<CrashPoint, int>();

        // Threads of its own: a simulation waits now and then for what the pool finishes.
        var threads = Enumerable.Range(0, Threads).Select(t => new Thread(() =>
        {
            for (var seed = first + t; seed <= last && failures.Count < FailuresShown; seed += Threads)
            {
                Run(seed, failures, crashes);
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.True(failures.IsEmpty, string.Join("\n\n", failures.OrderBy(f => f.Key).Select(f => f.Value)));
        if (!isChosen)
        {
            Assert.Equal(Enum.GetValues<CrashPoint>(), crashes.Keys.Order());
        }
    }

    [Fact]
    public void A_seed_repeats_itself_to_the_letter()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var (once, again) = (new GridSimulation(seed), new GridSimulation(seed));
            once.Run();
            again.Run();
            Assert.Equal(once.Diary, again.Diary);
        }
    }

    private static (int First, int Last) Seeds(out bool isChosen)
    {
        var chosen = Environment.GetEnvironmentVariable(SeedVariable);
        isChosen = chosen is { Length: > 0 };
        if (!isChosen)
        {
            return (0, Environment.GetEnvironmentVariable(LongVariable) == "1" ? 99_999 : 999);
        }

        var ends = chosen!.Split('-').Select(n => int.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return (ends[0], ends[^1]);
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

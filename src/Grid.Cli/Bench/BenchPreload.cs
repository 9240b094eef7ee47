using System.Runtime.InteropServices;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>Puts a synthetic market into a server before something else is measured.</summary>
internal static class BenchPreload
{
    /// <summary>Feeds a number of events and waits until they are acknowledged; gives what was asked of the feeder and what it did.</summary>
    /// <exception cref="CommandFailure">The feeder failed.</exception>
    public static async Task<(IngestFeederOptions Asked, IngestFeederReport Done)> FeedAsync(
        BenchServer server, BenchFolder folder, int instruments, ulong seed, long events, CancellationToken cancel)
    {
        var asked = new IngestFeederOptions
        {
            Server = server.Feed.ToString(),
            Instruments = instruments,
            Seed = seed,
            Seconds = double.MaxValue,
            Events = events,
            EventsPerSecond = 0,
            Ack = FeedAck.Journaled,
            BatchEvents = IngestFeederOptions.UsualBatchEvents,
            OutstandingBatches = IngestFeederOptions.UsualOutstandingBatches,
            ModelFile = Path.Combine(folder.Path, "model.bin"),
            ClockFile = Path.Combine(folder.Path, "clock.bin"),
        };
        await using var feeder = BenchProcess.StartPart(BenchPart.Feeder, asked);
        while (true)
        {
            if ((await feeder.ReadAsync<IngestFeederLine>(cancel)).Report is { } done)
            {
                return (asked, done);
            }
        }
    }

    /// <summary>What a feeder left behind: for each instrument its symbol and what must be known of it.</summary>
    public static IReadOnlyList<(string Symbol, ExpectedInstrument Expected)> Model(IngestFeederOptions asked)
    {
        // Only its symbols are asked for.
        var market = new SyntheticMarket(asked.Market(new UnixNanos(0)), static (_, _) => 0);
        var model = MemoryMarshal.Cast<byte, ExpectedInstrument>(File.ReadAllBytes(asked.ModelFile));
        var all = new List<(string, ExpectedInstrument)>(model.Length);
        for (var i = 0; i < model.Length; i++)
        {
            all.Add((market.Symbol(i), model[i]));
        }

        return all;
    }
}

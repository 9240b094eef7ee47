using Grid.Domain.Identifiers;
using Grid.Silo.Contracts;
using Grid.Testing;
using Grid.Testing.Postgres;

namespace Grid.Silo.Tests;

/// <summary>A market of so many instruments that every silo has some.</summary>
internal static class ManyInstruments
{
    public const int Count = 120;

    private static readonly MarketNames Names = new()
    {
        ByKind = new Dictionary<NameKind, string[]>
        {
            [NameKind.Instrument] = ["", .. Enumerable.Range(1, Count).Select(i => $"I{i:000}")],
            [NameKind.Source] = TestMarket.Names.ByKind[NameKind.Source],
            [NameKind.Venue] = [""],
            [NameKind.Channel] = [""],
        },
        Declarations = TestMarket.Names.Declarations,
    };

    /// <summary>Publishes one trade of each instrument as a batch; the source has no numbers, so that only batches tell repeats.</summary>
    public static Task<BatchAnswer> PublishAsync(TestSilo silo, ulong number)
    {
        var lines = Enumerable.Range(1, Count).Select(i => TestMarket.Trade(0, $"14:30:{number:00}", $"{i}", source: TestMarket.ByNothing, instrument: (uint)i));
        return silo.Grains.GetGrain<IProducerGrain>("P").Publish(
            new BatchMessage(1, number, TestMarket.At("20:00:00").Value, NamedLines.Encode(Names, lines)));
    }

    /// <summary>How many events each instrument has, as a silo says.</summary>
    public static async Task<ulong[]> LatestAsync(TestSilo silo) =>
        [.. (await Task.WhenAll(Names.ByKind[NameKind.Instrument].Skip(1).Select(silo.LatestAsync))).Select(l => l?.Version ?? 0)];

    /// <summary>Fails unless the database has each of so many batches once.</summary>
    public static async Task AssertOnceAsync(PrivateDatabase database, int batches)
    {
        Assert.Equal(
            [$"{Count}|{batches}|{batches}|{batches}"],
            await database.RowsAsync("""
                SELECT count(*), min(n), max(n), min(times)
                FROM (SELECT instrument_id, count(*) AS n, count(DISTINCT event_time) AS times FROM grid.tick GROUP BY 1) AS t
                """));
    }
}

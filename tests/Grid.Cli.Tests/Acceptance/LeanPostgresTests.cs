using System.Globalization;
using Grid.Cli.Tests.Commands;
using Grid.Testing.Postgres;

namespace Grid.Cli.Tests.Acceptance;

/// <summary>All real ticks through the executable into PostgreSQL: counts and sums in SQL against those of the engine and of the publisher.</summary>
public sealed class LeanPostgresTests(PrivatePostgres server) : IDisposable
{
    private static readonly string[] Symbols = ["AIG", "BAC", "IBM", "SPY"];

    private readonly TempFolder _folder = new();
    private readonly string _ticks = SharedData.Require("lean/equity-tick");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Real_ticks_are_in_PostgreSQL_as_the_engine_and_the_publisher_have_them()
    {
        await using var database = await server.CreateDatabaseAsync();
        var config = _folder.File("grid.json");
        await File.WriteAllTextAsync(config, """{ "Postgres": { "Migrate": true } }""", TestContext.Current.CancellationToken);
        using var grid = GridProcess.Start(
            "serve", "--config", config, "--postgres", database.ConnectionString, "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await grid.ReadLineAsync("http ");
        var feed = await grid.ReadLineAsync("feed ");
        var fed = await GridProcess.RunAsync("feed", "lean", _ticks, "--to", feed, "--policy", "sequence", "--ack", "committed", "--format", "csv");
        Assert.Equal((0, string.Empty), (fed.ExitCode, fed.Errors));

        await CheckCountsAsync(database, fed.Output);
        foreach (var symbol in Symbols)
        {
            await CheckBarsAsync(database, http, symbol);
        }

        await CheckPublisherAsync(database);
        Assert.Equal(0, (await grid.TerminateAsync()).ExitCode);
    }

    // Acknowledged as committed: without waiting for anything else, what the feeder was told is in SQL.
    private static async Task CheckCountsAsync(PrivateDatabase database, string summary)
    {
        long Count(string what) => summary.Split('\n').Select(l => l.Split(',')).Where(c => c[0] == what && c[1].Length == 0).Sum(c => long.Parse(c[2], CultureInfo.InvariantCulture));
        Assert.True(Count("accepted") > 100_000, summary);
        Assert.Equal(
            [$"{Count("accepted")}|{Count("flagged")}"],
            await database.RowsAsync("SELECT count(*) FILTER (WHERE outcome = 0), count(*) FILTER (WHERE outcome <> 0) FROM grid.tick"));
        Assert.Equal(
            [$"{Count("accepted")}|{Count("flagged")}|{Count("duplicate")}|{Count("rejected")}"],
            await database.RowsAsync("SELECT sum(accepted), sum(flagged), sum(duplicate), sum(rejected) FROM grid.data_quality_log"));
        Assert.Equal(Count("rejected"), await database.ScalarAsync<long>("SELECT count(*) FROM grid.quarantine"));
    }

    private static async Task CheckBarsAsync(PrivateDatabase database, string http, string symbol)
    {
        var answer = await GridProcess.RunAsync(
            "bars", symbol, "--interval", "1m", "--from", "2013-10-01", "--to", "2013-11-01", "--limit", "100000", "--format", "csv", "--http", http);
        Assert.True(answer.ExitCode == 0, answer.Errors);
        var rows = await database.RowsAsync($"""
            SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.000000000Z',
                trim_scale(open), trim_scale(high), trim_scale(low), trim_scale(close), trim_scale(volume), count, trim_scale(bid), trim_scale(bid_size), trim_scale(ask), trim_scale(ask_size)
            FROM grid.v_bar_1m WHERE instrument = '{symbol}' ORDER BY time
            """);
        Assert.Equal(
            answer.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(l => l.Split(',')).Select(c => string.Join('|', [.. c[..6], .. c[7..]])),
            rows.Select(r => r.Replace("null", string.Empty, StringComparison.Ordinal)));
    }

    private static async Task CheckPublisherAsync(PrivateDatabase database)
    {
        var compared = 0;
        var wrong = new List<string>();
        foreach (var symbol in Symbols)
        {
            var volumes = (await database.RowsAsync($"""
                SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '.000000000Z', trim_scale(volume) FROM grid.v_bar_1m WHERE instrument = '{symbol}'
                """)).Select(r => r.Split('|')).ToDictionary(c => c[0], c => c[1]);
            foreach (var day in LeanAcceptanceTests.Days)
            {
                foreach (var row in LeanAcceptanceTests.PublishersRows(symbol, day, "trade").Where(r => LeanAcceptanceTests.IsComparable(r[0])))
                {
                    compared++;
                    if (volumes[LeanAcceptanceTests.TimeOf(day, row[0])] != row[5].ToString(CultureInfo.InvariantCulture))
                    {
                        wrong.Add($"{symbol} {day} {TimeSpan.FromMilliseconds(row[0]):hh\\:mm}");
                    }
                }
            }
        }

        Assert.True(compared > 4_000, $"{compared} volumes were compared");
        Assert.Equal(["AIG 20131007 13:46"], wrong);
    }
}

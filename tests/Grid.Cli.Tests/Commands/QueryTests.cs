using System.Globalization;
using System.Text.Json;

namespace Grid.Cli.Tests.Commands;

/// <summary>Queries of a running server, as processes.</summary>
public sealed class QueryTests : IDisposable
{
    private const string Events =
        """
        kind,time,instrument,channel,sequence,venue,price,size,bid,bid_size,ask,ask_size
        trade,2024-05-01T13:30:00.000000001Z,IBM,c,1,N,181.5,10,,,,
        quote,2024-05-01T13:30:30Z,IBM,c,2,N,,,181.4,100,181.6,200
        trade,2024-05-01T13:31:00Z,IBM,c,3,Q,182.123456789,0.5,,,,
        trade,2024-05-01T13:31:01Z,IBX,c,4,Q,-5,1,,,,
        trade,2024-05-01T13:31:02Z,IBZ,c,5,,7,1,,,,

        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Latest_ticks_bars_and_operations_answer_in_every_format()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");
        await FeedAsync(server);

        Assert.Equal(
            "instrument,price,size,bid,bid_size,ask,ask_size,time,trade_time,venue,day_date,day_open,day_high,day_low,day_volume,day_count\n"
            + "IBM,182.123456789,0.5,181.4,100,181.6,200,2024-05-01T13:31:00.000000000Z,2024-05-01T13:31:00.000000000Z,Q,20240501,181.5,182.123456789,181.5,10.5,2\n",
            await AskAsync(http, "latest", "IBM", "--format", "csv"));
        using (var latest = JsonDocument.Parse(await AskAsync(http, "latest", "IBM", "IBZ", "--format", "json")))
        {
            Assert.Equal(["IBM", "IBZ"], latest.RootElement.EnumerateArray().Select(i => i.GetProperty("instrument").GetString()));
            Assert.Equal("182.123456789", latest.RootElement[0].GetProperty("price").GetString());
        }

        Assert.Contains("IBZ", await AskAsync(http, "latest", "IB*"), StringComparison.Ordinal);
        Assert.Equal(
            """
            time,open,high,low,close,volume,vwap,count,bid,bid_size,ask,ask_size
            2024-05-01T13:30:00.000000000Z,181.5,181.5,181.5,181.5,10,181.5,1,181.4,100,181.6,200
            2024-05-01T13:31:00.000000000Z,182.123456789,182.123456789,182.123456789,182.123456789,0.5,182.123456789,1,181.4,100,181.6,200

            """,
            await AskAsync(http, "bars", "IBM", "--interval", "1m", "--format", "csv"));
        var ticks = (await AskAsync(http, "ticks", "IBM", "--from", "2024-05-01T13:30:30Z", "--to", "2024-05-01T13:31:00Z", "--format", "csv")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, ticks.Length);
        Assert.StartsWith("2024-05-01T13:30:30.000000000Z,quote,csv,c,20240501,2,N,0,,,181.4,100,181.6,200,", ticks[1], StringComparison.Ordinal);
        Assert.Contains(",IBX,grid-feed-", await AskAsync(http, "quarantine", "--format", "csv"), StringComparison.Ordinal);
        Assert.Contains("csv", await AskAsync(http, "sources"), StringComparison.Ordinal);
        Assert.Equal("source,channel,session,first_missing,last_missing\n", await AskAsync(http, "gaps", "--format", "csv"));
        var status = await AskAsync(http, "status", "--format", "csv");
        Assert.Contains("\noutcomes_accepted,4\n", status, StringComparison.Ordinal);
        Assert.Contains("\nrejected_PriceNotPositive,1\n", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_says_where_the_server_is()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");

        using var status = GridProcess.Start(new Dictionary<string, string> { ["GRID_HTTP"] = http }, "status", "--format", "json");
        var result = await status.EndAsync();

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("\"feeds\":0", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_instrument_is_a_failure_that_names_it()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");

        foreach (var command in new[] { "latest", "ticks", "bars" })
        {
            var result = await GridProcess.RunAsync(command, "NONE", "--http", http);
            Assert.Equal((1, "grid: there is no instrument 'NONE'"), (result.ExitCode, result.Errors));
        }
    }

    [Fact]
    public async Task Rows_beyond_the_limit_are_told_of()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");
        await FeedAsync(server);

        var result = await GridProcess.RunAsync("ticks", "IBM", "--limit", "1", "--http", http);

        Assert.Equal((0, "grid: there are more rows; --limit or --from shows them"), (result.ExitCode, result.Errors));
    }

    [Fact]
    public async Task Quality_and_producers_are_shown()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");
        await FeedAsync(server);

        var all = await GridProcess.RunAsync("quality", "--format", "csv", "--http", http);
        var one = await GridProcess.RunAsync("quality", "IBM", "--format", "csv", "--http", http);
        var fitting = await GridProcess.RunAsync("quality", "I*", "--http", http);
        var none = await GridProcess.RunAsync("quality", "NONE", "--http", http);
        var producers = await GridProcess.RunAsync("producers", "--format", "csv", "--http", http);

        Assert.StartsWith("instrument,score,accepted,flagged,rejected,duplicate,late,open_gaps,last_event,last_received,staleness\n", all.Output, StringComparison.Ordinal);
        Assert.Contains("\nIBM,100,", one.Output, StringComparison.Ordinal);
        Assert.Contains("IBM", fitting.Output, StringComparison.Ordinal);
        Assert.Equal((1, "grid: there is no instrument 'NONE'"), (none.ExitCode, none.Errors));
        Assert.StartsWith("name,epoch,last_batch,durable_batch,lag,connected,connected_since,last_seen\n", producers.Output, StringComparison.Ordinal);
        Assert.Equal(3, producers.Output.Split('\n').Length);
    }

    [Fact]
    public async Task Runs_of_a_cusip_are_shown_with_the_market_they_make()
    {
        var runs = _folder.Write("runs.csv", "kind,time,cusip,channel,sequence,bid,bid_size,ask,ask_size,bid_spread\nrun,2024-05-01T13:30:00Z,037833100,c,1,99.5,10,99.75,20,120.5\n");
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");
        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", runs, "--to", await server.ReadLineAsync("feed "))).ExitCode);

        var table = await AskAsync(http, "runs", "037833100", "--date", "2024-05-01");
        var csv = await AskAsync(http, "runs", "037833100", "--format", "csv");
        var json = await AskAsync(http, "runs", "037833100", "--format", "json");

        Assert.Contains("99.625", table, StringComparison.Ordinal);
        Assert.Contains("120.5", table, StringComparison.Ordinal);
        Assert.Contains("2024-05-01T13:30:00.000000000Z,99.5,10,99.75,20,120.5,,,,\n", csv, StringComparison.Ordinal);
        Assert.Contains("\"spread\":\"0.25\",\"dealers\":1,\"runs\":[{", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_of_a_cusip_that_no_dealer_showed_are_a_failure_that_names_it()
    {
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");

        var none = await GridProcess.RunAsync("runs", "037833100", "--http", http);
        var bad = await GridProcess.RunAsync("runs", "037833101", "--http", http);

        Assert.Equal((1, "grid: no dealer ever showed anything for CUSIP 037833100"), (none.ExitCode, none.Errors));
        Assert.Equal((1, "grid: '037833101' is not a CUSIP: its check digit is '1', but 0 is right"), (bad.ExitCode, bad.Errors));
    }

    [Fact]
    public async Task Imported_instruments_are_known_to_the_server()
    {
        var file = _folder.Write("instruments.csv", "symbol,class,tick_size\nIBM,equity,0.01\nA B,equity,1\nGC,future,0.1\n");
        using var server = Serve("data");
        var http = await server.ReadLineAsync("http ");

        var result = await GridProcess.RunAsync("import", "instruments", file, "--http", http, "--format", "csv");

        // One line is no instrument: what is one is sent all the same.
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("instruments,count\nread,2\nmalformed,1\nleft out,0\naccepted,2\nrefused,0\n", result.Output);
        Assert.Contains($"{file}:3: name 'A B'", result.Errors, StringComparison.Ordinal);
        using var client = new HttpClient();
        using var definition = JsonDocument.Parse(await client.GetStringAsync($"{http}/v1/instruments/GC"));
        Assert.Equal("future", definition.RootElement.GetProperty("class").GetString());
        Assert.Equal("0.1", definition.RootElement.GetProperty("tick_size").GetString());
    }

    [Fact]
    public async Task Feeder_goes_on_after_the_server_crashed_and_came_back()
    {
        const int RowsPerHalf = 5_000;
        var server = Serve("data");
        try
        {
            var http = await server.ReadLineAsync("http ");
            var feed = await server.ReadLineAsync("feed ");
            using var feeder = GridProcess.Start("feed", "csv", "-", "--to", feed, "--format", "csv");
            await feeder.Input.WriteAsync("time,instrument,price,size,channel,sequence\n" + Rows(1, RowsPerHalf));
            await feeder.Input.FlushAsync();
            using var client = new HttpClient();
            while (!(await client.GetStringAsync($"{http}/v1/status")).Contains($"\"accepted\":{RowsPerHalf}", StringComparison.Ordinal))
            {
                // Each question takes its time; the feeder is on its way.
            }

            await server.KillAsync();
            server.Dispose();
            await feeder.Input.WriteAsync(Rows(RowsPerHalf + 1, RowsPerHalf));
            feeder.Input.Close();
            server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", feed, "--http", "127.0.0.1:0");
            http = await server.ReadLineAsync("http ");
            var fed = await feeder.EndAsync();

            Assert.True(fed.ExitCode == 0, fed.Errors);
            Assert.StartsWith($"events,reason,count\nread,,{2 * RowsPerHalf}\nmalformed,,0\naccepted,,", fed.Output, StringComparison.Ordinal);
            Assert.Contains($"\"accepted\":{2 * RowsPerHalf},\"flagged\":0,\"duplicate\":0", await client.GetStringAsync($"{http}/v1/status"), StringComparison.Ordinal);
        }
        finally
        {
            server.Dispose();
        }
    }

    private static string Rows(int first, int count) =>
        string.Concat(Enumerable.Range(first, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"2024-05-01T13:30:00Z,IBM,180.{i % 10},1,c,{i}\n")));

    private GridProcess Serve(string data) => GridProcess.Start("serve", "--data", _folder.File(data), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");

    private async Task FeedAsync(GridProcess server)
    {
        var fed = await GridProcess.RunAsync("feed", "csv", _folder.Write("events.csv", Events), "--to", await server.ReadLineAsync("feed "), "--format", "csv");
        Assert.Equal((0, string.Empty), (fed.ExitCode, fed.Errors));
    }

    private static async Task<string> AskAsync(string http, params string[] args)
    {
        var result = await GridProcess.RunAsync([.. args, "--http", http]);
        Assert.Equal((0, string.Empty), (result.ExitCode, result.Errors));
        return result.Output;
    }
}

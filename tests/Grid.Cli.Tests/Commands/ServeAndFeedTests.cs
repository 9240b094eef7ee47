using System.Text.Json;

namespace Grid.Cli.Tests.Commands;

/// <summary>Server and feeder as processes, as a user runs them.</summary>
public sealed class ServeAndFeedTests : IDisposable
{
    private const string Header = "kind,time,instrument,channel,sequence,price,size,bid,ask\n";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fed_events_are_counted_by_outcome_and_survive_the_server()
    {
        var csv = _folder.Write("a.csv", Header
            + "trade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10,,\n"
            + "trade,2024-05-01T13:30:01Z,IBM,c,2,181.6,10,,\n"
            + "trade,2024-05-01T13:30:01Z,IBM,c,2,181.6,10,,\n"
            + "trade,2024-05-01T13:30:02Z,IBM,c,3,-1,10,,\n"
            + "trade,2024-05-01T13:30:03Z,IBM,c,4,181.7,0,,\n"
            + "this is no event\n");
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var feed = await server.ReadLineAsync("feed ");

        var fed = await GridProcess.RunAsync("feed", "csv", csv, "--to", feed, "--format", "json");

        Assert.Equal(1, fed.ExitCode);
        Assert.Contains($"{csv}:7: ", fed.Errors, StringComparison.Ordinal);
        Assert.EndsWith("grid: 1 malformed lines were not sent; all others were", fed.Errors, StringComparison.Ordinal);
        Assert.Equal(
            ["read 5", "malformed 1", "accepted 2", "flagged 1", "duplicate 1", "rejected 1", "flagged SizeZero 1", "duplicate AlreadySeen 1", "rejected PriceNotPositive 1"],
            Counts(fed.Output));

        var ended = await server.TerminateAsync();
        Assert.Equal(0, ended.ExitCode);

        var replay = await GridProcess.RunAsync("journal", "replay", "--hash", "--data", _folder.File("data"));
        Assert.Equal(0, replay.ExitCode);
        Assert.Matches("^market [0-9a-f]{64}\nfull [0-9a-f]{64}\n$", replay.Output);
        Assert.Equal(0, (await GridProcess.RunAsync("journal", "verify", "--data", _folder.File("data"))).ExitCode);
    }

    [Fact]
    public async Task Any_order_within_the_window_gives_the_same_market()
    {
        var random = new Random(5);
        var rows = string.Concat(Enumerable.Range(1, 3_000).Select(i =>
            $"trade,2024-05-01T13:30:{i / 60 % 60:D2}Z,S{i % 7},c,{i},{100 + random.Next(9)},{1 + random.Next(500)},,\n"));
        var csv = _folder.Write("a.csv", Header + rows);
        var markets = new List<string>();

        foreach (var order in new string[][] { [], ["--shuffle-window", "1000", "--seed", "5"] })
        {
            var data = _folder.File($"data{markets.Count}");
            using var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
            Assert.Equal(0, (await GridProcess.RunAsync(["feed", "csv", csv, "--to", await server.ReadLineAsync("feed "), .. order])).ExitCode);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
            markets.Add((await GridProcess.RunAsync("journal", "replay", "--hash", "--data", data)).Output);
        }

        Assert.Equal(markets[0].Split('\n')[0], markets[1].Split('\n')[0]);
        Assert.NotEqual(markets[0].Split('\n')[1], markets[1].Split('\n')[1]);
    }

    [Fact]
    public async Task Same_epoch_again_goes_on_where_the_server_stands()
    {
        var csv = _folder.Write("a.csv", Header + "trade,2024-05-01,IBM,c,1,181.5,10,,\n");
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        string[] args = ["feed", "csv", csv, "--to", await server.ReadLineAsync("feed "), "--epoch", "7", "--policy", "none", "--format", "json"];

        Assert.Contains("accepted 1", Counts((await GridProcess.RunAsync(args)).Output));
        var again = Counts((await GridProcess.RunAsync(args)).Output);

        Assert.Contains("sent before 1", again);
        Assert.Contains("accepted 0", again);
    }

    [Fact]
    public async Task Printed_epoch_with_a_longer_file_is_refused_and_a_chosen_one_leaves_nothing_out()
    {
        var csv = _folder.Write("a.csv", Header + "trade,2024-05-01,IBM,c,1,181.5,10,,\n");
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        string[] args = ["feed", "csv", csv, "--to", await server.ReadLineAsync("feed "), "--format", "json", "--epoch"];
        Assert.Contains("accepted 1", Counts((await GridProcess.RunAsync([.. args, "7"])).Output));
        _folder.Write("a.csv", Header + "trade,2024-05-01,IBM,c,1,181.5,10,,\ntrade,2024-05-01,IBM,c,2,181.6,10,,\n");

        var printed = await GridProcess.RunAsync([.. args, "1714570200000000001"]);
        var chosen = await GridProcess.RunAsync([.. args, "8"]);

        Assert.Equal(1, printed.ExitCode);
        Assert.StartsWith($"grid: --epoch 1714570200000000001 was begun with other files or options than '{csv}' now", printed.Errors, StringComparison.Ordinal);
        Assert.Contains("accepted 1", Counts(chosen.Output));
        Assert.Contains("duplicate 1", Counts(chosen.Output));
        var noNumber = await GridProcess.RunAsync([.. args, "x"]);
        Assert.Equal((2, true), (noNumber.ExitCode, noNumber.Errors.Contains("--epoch 'x' is not a whole number from 1 to 18446744073709551615", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Feed_of_a_file_without_an_end_can_be_ended()
    {
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        using var feed = GridProcess.Start("feed", "csv", "/dev/zero", "--to", await server.ReadLineAsync("feed "));

        var ended = await feed.TerminateAsync();

        Assert.NotEqual(0, ended.ExitCode);
    }

    [Fact]
    public async Task Port_that_is_taken_is_found_before_the_data_folder_is_opened()
    {
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ilp", "127.0.0.1:0");
        var feed = await server.ReadLineAsync("feed ");

        var other = await GridProcess.RunAsync("serve", "--data", _folder.File("other"), "--feed", feed, "--http", "127.0.0.1:0", "--ilp", "127.0.0.1:0");

        Assert.Equal(1, other.ExitCode);
        Assert.Contains($"feed cannot listen on {feed}", other.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.File("other"), "journal")));
    }

    [Fact]
    public async Task Other_policy_of_a_known_source_is_refused()
    {
        var csv = _folder.Write("a.csv", Header + "trade,2024-05-01,IBM,c,1,181.5,10,,\n");
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var feed = await server.ReadLineAsync("feed ");

        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", csv, "--to", feed, "--policy", "sequence")).ExitCode);
        var refused = await GridProcess.RunAsync("feed", "csv", csv, "--to", feed, "--policy", "none");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("csv", refused.Errors, StringComparison.Ordinal);
    }

    private static List<string> Counts(string json)
    {
        using var rows = JsonDocument.Parse(json);
        return [.. rows.RootElement.EnumerateArray().Select(r =>
            string.Join(' ', new[] { r.GetProperty("events").GetString(), r.GetProperty("reason").GetString(), $"{r.GetProperty("count").GetInt64()}" }.Where(t => t is not null)))];
    }
}

namespace Grid.Cli.Tests.Commands;

public sealed class WatchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Watch_shows_what_fits_a_line_for_each_update_until_it_is_ended()
    {
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--http", "127.0.0.1:0", "--feed", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");
        using var watch = GridProcess.Start("watch", "A*", "MSFT", "--http", http);
        await FeedAsync(feed, 1, "AAPL", "181.5");
        Assert.Equal(" AAPL last 181.5 x 10 bid - x - ask - x -", await watch.ReadLineAsync("2024-05-01T13:30:01.000000000Z"));
        await FeedAsync(feed, 2, "IBM", "90");
        await FeedAsync(feed, 3, "MSFT", "400.25");
        Assert.Equal(" MSFT last 400.25 x 10 bid - x - ask - x -", await watch.ReadLineAsync("2024-05-01T13:30:03.000000000Z"));
        var ended = await watch.TerminateAsync();
        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
    }

    [Fact]
    public async Task Watch_says_that_there_is_no_server()
    {
        var answer = await GridProcess.RunAsync("watch", "*", "--http", "127.0.0.1:1");
        Assert.Equal(1, answer.ExitCode);
        Assert.StartsWith("grid: no grid answers at http://127.0.0.1:1/: ", answer.Errors, StringComparison.Ordinal);
    }

    private async Task FeedAsync(string feed, int second, string instrument, string price)
    {
        var csv = _folder.Write($"{second}.csv", $"kind,time,instrument,channel,sequence,price,size\ntrade,2024-05-01T13:30:0{second}Z,{instrument},c,{second},{price},10\n");
        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", csv, "--to", feed)).ExitCode);
    }
}

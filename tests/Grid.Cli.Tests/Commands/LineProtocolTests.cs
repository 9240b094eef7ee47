using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grid.Cli.Tests.Commands;

/// <summary>Line protocol into a server that runs as a process: over TCP, over HTTP, and from files over the binary feed.</summary>
public sealed class LineProtocolTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Lines_come_in_over_every_way()
    {
        var mapping = _folder.Write("mapping.json", """{ "measurements": { "trades": { "kind": "trade", "columns": { "symbol": "instrument", "price": "price", "amount": "size" } } } }""");
        var config = _folder.Write("grid.json", $$"""{ "Ilp": { "Mapping": "{{mapping}}", "Precision": "s" } }""");
        using var server = GridProcess.Start("serve", "--config", config, "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ilp", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");
        var ilp = IPEndPoint.Parse(await server.ReadLineAsync("ilp "));

        var lines = _folder.Write("lines.txt", "trades,symbol=IBM price=181.5,amount=1 1714570200\nnonsense\n");
        var fed = await GridProcess.RunAsync("feed", "ilp", lines, "--to", feed, "--mapping", mapping, "--precision", "s", "--format", "csv");
        using var client = new HttpClient();
        using var body = new StringContent("trades,symbol=IBM price=181.5,amount=2 1714570201000\n");
        using var written = await client.PostAsync(new Uri($"{http}/write?precision=ms"), body, TestContext.Current.CancellationToken);
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(ilp, TestContext.Current.CancellationToken);
            await socket.SendAsync(Encoding.UTF8.GetBytes("trades,symbol=IBM price=181.5,amount=3 1714570202\n"), TestContext.Current.CancellationToken);
            socket.Shutdown(SocketShutdown.Send);

            // The server closes it when all is taken in.
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        }

        // What was taken in is applied when the server has stopped.
        Assert.Equal((1, HttpStatusCode.NoContent), (fed.ExitCode, written.StatusCode));
        Assert.Contains($"{lines}:2: column 1: measurement 'nonsense' is not one of", fed.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        using var again = GridProcess.Start("serve", "--config", config, "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0", "--ilp", "127.0.0.1:0");
        var ticks = await GridProcess.RunAsync("ticks", "IBM", "--http", await again.ReadLineAsync("http "), "--format", "json");
        Assert.Equal(3, ticks.Output.Split("\"181.5\"").Length - 1);
        Assert.Equal(0, (await again.TerminateAsync()).ExitCode);
    }
}

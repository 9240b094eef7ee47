using System.Diagnostics;
using System.Net;
using Grid.Domain.Events;
using Grid.Gateway.Ilp;
using Grid.Gateway.Tests.Http;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Ilp;

/// <summary>QuestDB's own client for Node, unchanged, feeds a real grid. <c>./test.sh</c> installs it.</summary>
public sealed class QuestDbClientTests
{
    private const string Mapping = """
        { "measurements": { "trades": { "kind": "trade", "source": "questdb-trades",
            "columns": { "symbol": "instrument", "side": "ignore", "price": "price", "amount": "size" } } } }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http", "")]
    [InlineData("http", "protocol_version=2;")]
    [InlineData("http", "stdlib_http=on;")]
    [InlineData("tcp", "")]
    [InlineData("tcp", "protocol_version=2;")]
    public async Task The_client_of_QuestDB_feeds_a_grid(string protocol, string options)
    {
        var folder = RequireClient();
        using var temp = new TempFolder();
        var mapping = temp.File("mapping.json");
        await File.WriteAllTextAsync(mapping, Mapping, Cancel);
        await using var fixture = await GridFixture.StartAsync(o => o.IlpMapping = mapping);
        await using var tcp = IlpServer.Start(
            fixture.Grid, new IlpOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Mapping = mapping }, TimeProvider.System, NullLoggerFactory.Instance);

        await RunAsync(folder, $"{protocol}::addr={(protocol == "http" ? fixture.EndPoint : tcp.EndPoint)};{options}", "ETH,USD=1");

        // Nothing is answered over TCP: the ticks are there when all that was sent has been taken in.
        while (fixture.Grid.GetStatus().Outcomes.Total < 3)
        {
            Cancel.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Assert.Equal(0, tcp.LinesRefused);
        var ticks = await fixture.TicksAsync("ETH,USD=1");
        Assert.Equal(["2615.54", "39269.98", "0.000001"], ticks.Select(t => t.Price.ToString()));
        Assert.Equal(["0.00044", "0.011", "100"], ticks.Select(t => t.Size.ToString()));
        Assert.Equal([1ul, 0ul, 2ul], ticks.Select(t => t.Sequence));
        Assert.Equal((0x20u, EventFlags.Suspicious), (ticks[2].Conditions, ticks[2].Flags & EventFlags.Suspicious));
        Assert.Equal("2024-05-01T13:30:00.000002000Z", ticks[1].EventTime.ToString());
    }

    private static async Task RunAsync(string folder, string configuration, string symbol)
    {
        using var node = Process.Start(new ProcessStartInfo("node", ["questdb.mjs", configuration, symbol])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            patience.CancelAfter(Patience);
            var output = node.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = node.StandardError.ReadToEndAsync(patience.Token);
            await node.WaitForExitAsync(patience.Token);
            Assert.True(node.ExitCode == 0, $"{await output}{await errors}");
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill();
            }
        }
    }

    private static string RequireClient()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Grid.sln")))
        {
            root = root.Parent!;
        }

        var folder = Path.Combine(root.FullName, "tests", "Grid.Gateway.Tests", "Node");
        var missing = !HasNode() ? "node is not installed"
            : !Directory.Exists(Path.Combine(folder, "node_modules", "@questdb")) ? "'npm ci' was not run in tests/Grid.Gateway.Tests/Node"
            : null;
        if (missing is not null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", missing);
            Assert.Skip($"NOT TESTED: the client of QuestDB: {missing}");
        }

        return folder;
    }

    private static bool HasNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, "node")) || File.Exists(Path.Combine(f, "node.exe")));
}

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

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http", "")]
    [InlineData("http", "protocol_version=2;")]
    [InlineData("http", "stdlib_http=on;")]
    [InlineData("tcp", "")]
    [InlineData("tcp", "protocol_version=2;")]
    public async Task The_client_of_QuestDB_feeds_a_grid(string protocol, string options)
    {
        using var temp = new TempFolder();
        var mapping = temp.File("mapping.json");
        await File.WriteAllTextAsync(mapping, Mapping, Cancel);
        await using var fixture = await GridFixture.StartAsync(o => o.IlpMapping = mapping);
        await using var tcp = IlpServer.Start(
            fixture.Grid, new IlpOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Mapping = mapping }, TimeProvider.System, NullLoggerFactory.Instance);

        var configuration = $"{protocol}::addr={(protocol == "http" ? fixture.EndPoint : tcp.EndPoint)};{options}";
        await NodeProgram.RunAsync("tests/Grid.Gateway.Tests/Node", "@questdb", ["questdb.mjs", configuration, "ETH,USD=1"]);

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
}

using System.Net;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http;
using Grid.Gateway.Streams;
using Grid.Runtime;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Streams;

/// <summary>Ten thousand subscriptions over real sockets: as many for each connection as the server allows.</summary>
public sealed class StreamManyTests : IDisposable
{
    private const int Connections = 10;
    private const int Batches = 100;
    private const int BatchLines = 1_000;
    private static readonly int Subscriptions = new StreamOptions().SubscriptionsMax;

    // The last instrument is for the slow one alone.
    private static readonly uint Busy = (uint)Subscriptions + 1;

    private static readonly MarketNames Market = new()
    {
        ByKind = new Dictionary<NameKind, string[]>(Names.ByKind)
        {
            [NameKind.Instrument] = ["", .. Enumerable.Range(1, Subscriptions).Select(i => $"I{i}"), "BUSY"],
        },
        Declarations = Names.Declarations,
    };

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ten_thousand_subscriptions_are_told_while_a_slow_one_takes_nothing_and_leave_nothing_behind()
    {
        await using var embedded = await EmbeddedGrid.OpenAsync(
            new EmbeddedGridOptions { DataFolder = _folder.File("data"), HotStoreBytesMax = 64 << 20 }, new ManualTime(RandomMarket.ReceivedAt), NullLoggerFactory.Instance, cancel: Cancel);
        await using var feed = await FeedDriver.OpenAsync(embedded, Market);
        var (grid, counted) = CountedGrid.Over(embedded);
        var options = new GatewayOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Stream = { SendTimeout = TimeSpan.FromMinutes(10), KeepAlive = TimeSpan.FromMinutes(10) } };
        await using var server = await GatewayServer.StartAsync(grid, options, TimeProvider.System, NullLoggerFactory.Instance, cancel: Cancel);
        await feed.SendAsync([.. Enumerable.Range(1, (int)Busy).Select(i => Trade(0, "10:00:00", "10", source: ByNothing, instrument: (uint)i))]);
        var peers = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => ConnectAsync(server)));
        using var slow = await ConnectAsync(server);
        await slow.SubscribeAsync("\"instruments\":[\"BUSY\"],\"kinds\":[\"trades\"]");

        var snapshots = await Task.WhenAll(peers.Select(SubscribeToAllAsync));
        Assert.All(snapshots, s => Assert.Equal(Enumerable.Range(1, Subscriptions), s));
        Assert.Equal((Connections * Subscriptions) + 1, counted.Open);
        await AssertOneMoreIsRefusedAsync(peers[0]);

        // More than all buffers between the server and the slow one hold.
        var lines = Enumerable.Range(0, BatchLines).Select(_ => Trade(0, "10:00:01", "10", source: ByNothing, instrument: Busy)).ToArray();
        for (var i = 0; i < Batches; i++)
        {
            await feed.SendAsync(lines);
        }

        await feed.SendAsync([.. Enumerable.Range(1, Subscriptions).Select(i => Trade(0, "10:00:02", "11", source: ByNothing, instrument: (uint)i))]);
        var updates = await Task.WhenAll(peers.Select(p => IdsAsync(p, "trade")));
        Assert.All(updates, u => Assert.Equal(Enumerable.Range(1, Subscriptions), u));
        Assert.Equal((Connections * Subscriptions) + 1, counted.Open);

        foreach (var peer in (StreamPeer[])[.. peers, slow])
        {
            peer.Socket.Abort();
            peer.Dispose();
        }

        await counted.NoneAsync().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
    }

    private static async Task<StreamPeer> ConnectAsync(GatewayServer server)
    {
        var peer = new StreamPeer();
        await peer.Socket.ConnectAsync(new Uri($"ws://{server.EndPoint}/v1/stream"), Cancel);
        return peer;
    }

    // Subscription n is to instrument n. What comes is read meanwhile: a client that does not is not read either.
    private static async Task<int[]> SubscribeToAllAsync(StreamPeer peer)
    {
        var reading = IdsAsync(peer, "latest");
        for (var id = 1; id <= Subscriptions; id++)
        {
            await peer.SendAsync($$"""{"op":"subscribe","id":{{id}},"instruments":["I{{id}}"],"kinds":["trades"]}""");
        }

        return await reading;
    }

    private static async Task AssertOneMoreIsRefusedAsync(StreamPeer peer)
    {
        await peer.SendAsync("""{"op":"subscribe","id":0,"instruments":["I1"]}""");
        Assert.Equal(
            $"the connection has {Subscriptions} subscriptions, which is the limit (option Stream:SubscriptionsMax)", (string)(await peer.NextAsync("error"))["detail"]!);
    }

    // The subscriptions that are told something of a type, in the order of their numbers; ends when there are as many as subscriptions.
    private static async Task<int[]> IdsAsync(StreamPeer peer, string type)
    {
        var ids = new List<int>();
        while (ids.Count < Subscriptions)
        {
            ids.Add((int)(await peer.NextAsync(type))["id"]!);
        }

        return [.. ids.Order()];
    }
}

using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Streams;

public sealed class StreamSlowTests
{
    private const int Batches = 200;
    private const int BatchLines = 1_000;

    [Fact]
    public async Task Client_that_never_reads_is_disconnected_and_holds_up_nobody()
    {
        await using var fixture = await StreamFixture.StartAsync(o =>
        {
            o.Stream.ConnectionsMax = 1;
            o.Stream.SendTimeout = TimeSpan.FromMilliseconds(100);
        });
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"patterns\":[\"*\"],\"kinds\":[\"trades\",\"latest\"]");

        // More than all buffers between the two hold, and all of it is acknowledged.
        await FeedAsync(fixture);
        Assert.Equal(Batches * BatchLines, fixture.Feed.Events);
        while (true)
        {
            try
            {
                // Its place is free.
                using var next = await fixture.ConnectAsync();
                return;
            }
            catch (System.Net.WebSockets.WebSocketException)
            {
                await Task.Yield();
            }
        }
    }

    [Theory]
    [InlineData("conflate")]
    [InlineData("close")]
    public async Task Client_that_reads_too_slowly_is_conflated_or_closed_as_it_chose(string slow)
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.TicksBehindMax = 100);
        await fixture.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing));
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync($"\"instruments\":[\"AAPL\"],\"kinds\":[\"trades\"],\"slow\":\"{slow}\"");
        ulong told = (ulong)(await peer.NextAsync("latest"))["version"]!;
        await FeedAsync(fixture);
        while (true)
        {
            var next = await peer.NextAsync("trade", "latest", "dropped", "error");
            if ((string)next["type"]! == "error")
            {
                Assert.Equal(("close", "TooSlow", 1), (slow, (string)next["code"]!, (int)next["id"]!));
                await peer.SendAsync("""{"op":"ping"}""");
                await peer.NextAsync("pong");
                return;
            }

            // Every tick is told or counted, and none twice.
            var version = (ulong)next["version"]!;
            if ((string)next["type"]! != "latest")
            {
                told += (string)next["type"]! == "dropped" ? (ulong)next["count"]! : 1;
            }

            Assert.Equal(version, told);
            if (version == 1 + (Batches * BatchLines))
            {
                Assert.Equal("conflate", slow);
                return;
            }
        }
    }

    [Fact]
    public async Task Interval_holds_back_what_comes_faster()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var peer = await fixture.ConnectAsync();
        await fixture.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing));
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"],\"interval\":300000");
        await peer.NextAsync("latest");
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]", id: 2);
        await fixture.SendAsync(Trade(0, "10:00:01", "11", source: ByNothing));
        var updates = new List<(int Id, int Version)>();
        while (!updates.Contains((2, 2)))
        {
            var next = await peer.NextAsync("latest");
            updates.Add(((int)next["id"]!, (int)next["version"]!));
        }

        Assert.DoesNotContain(updates, u => u.Id == 1);
    }

    private static async Task FeedAsync(StreamFixture fixture)
    {
        var lines = Enumerable.Range(0, BatchLines).Select(_ => Trade(0, "10:00:00", "10", source: ByNothing)).ToArray();
        ulong last = 0;
        for (var i = 0; i < Batches; i++)
        {
            last = await fixture.Feed.SubmitAsync(lines);
        }

        await fixture.Feed.AcknowledgedAsync(last);
    }
}

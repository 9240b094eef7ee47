using Grid.Client.Streams;
using Grid.Domain;
using static Grid.Testing.TestMarket;

namespace Grid.Client.Tests.Streams;

public sealed class StreamClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Updates_come_as_rows()
    {
        await using var server = await StreamServer.StartAsync();
        await server.SendAsync(Trade(1, "10:00:00", "10"));
        await using var updates = new Updates(server, new StreamRequest { Instruments = ["AAPL"], Kinds = StreamKinds.Trades | StreamKinds.Quotes | StreamKinds.Bars });
        Assert.Equal((StreamUpdateKind.Connected, false, 0), await updates.NextAsync() is { } first ? (first.Kind, first.IsOtherRun, first.Reset.Count) : default);
        var snapshot = await updates.NextAsync();
        Assert.Equal((StreamUpdateKind.Latest, "AAPL", 1UL, true, "10"), (snapshot.Kind, snapshot.Instrument, snapshot.Version, snapshot.IsSnapshot, snapshot.Latest!.Price));
        Assert.Equal(("10", false), await updates.NextAsync(StreamUpdateKind.Bar) is { } bar ? (bar.Bar!.Open, bar.IsClosed) : default);
        await server.SendAsync(Trade(2, "10:00:01", "99"), Quote(3, "10:00:02", "9", ""));
        var trade = (await updates.NextAsync(StreamUpdateKind.Trade)).Tick!;
        Assert.Equal(("trade", "99", 2UL, "flagged", "PriceBand"), (trade.Kind, trade.Price, trade.Sequence, trade.Outcome, trade.Reason));
        var quote = (await updates.NextAsync(StreamUpdateKind.Quote)).Tick!;
        Assert.Equal(("quote", "9", "cleared", "accepted"), (quote.Kind, quote.Bid, quote.Ask, quote.Outcome));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Lost_connection_is_made_again_and_each_tick_comes_once(bool isOtherRun)
    {
        await using var server = await StreamServer.StartAsync();
        await server.SendAsync(Trade(1, "10:00:00", "10"));
        await using var updates = new Updates(server, new StreamRequest { Patterns = ["*"], Kinds = StreamKinds.Trades });
        await updates.NextAsync(StreamUpdateKind.Latest);
        await server.SendAsync(Trade(2, "10:00:01", "11"));
        Assert.Equal(2UL, (await updates.NextAsync(StreamUpdateKind.Trade)).Version);
        await server.StopHttpAsync();
        if (isOtherRun)
        {
            await server.ReopenGridAsync();
        }

        await server.SendAsync(Trade(3, "10:00:02", "12"), Trade(1, "10:00:00", "5", instrument: Msft), Trade(4, "10:00:03", "13"));
        await server.StartHttpAsync();
        var again = await updates.NextAsync();
        Assert.Equal((StreamUpdateKind.Connected, isOtherRun, 0), (again.Kind, again.IsOtherRun, again.Reset.Count));
        await server.SendAsync(Trade(5, "10:00:04", "14"));
        var versions = new List<ulong>();
        while (versions.Count < 3)
        {
            var next = await updates.NextAsync();
            if (next.Instrument == "AAPL")
            {
                versions.Add(next.Version);
            }
            else
            {
                Assert.Equal(("MSFT", true), (next.Instrument, next.IsSnapshot));
            }
        }

        Assert.Equal([3UL, 4UL, 5UL], versions);
    }

    [Fact]
    public async Task What_the_server_refuses_is_thrown()
    {
        await using var server = await StreamServer.StartAsync();
        await using var updates = new Updates(server, new StreamRequest { Instruments = ["A B"] });
        var refusal = await Assert.ThrowsAsync<GridException>(() => updates.NextAsync());
        Assert.Equal(GridErrorCode.BadName, refusal.Code);
    }

    [Fact]
    public async Task Server_that_stays_away_ends_the_subscription()
    {
        await using var server = await StreamServer.StartAsync();
        await using var updates = new Updates(server, new StreamRequest { Patterns = ["*"] }, attempts: 2);
        await updates.NextAsync();
        await server.StopHttpAsync();
        var refusal = await Assert.ThrowsAsync<GridException>(() => updates.NextAsync());
        Assert.Equal(GridErrorCode.Unreachable, refusal.Code);
        Assert.StartsWith($"the connection to {server.Address} was lost and 2 attempts to go on failed; the last: no grid answers", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_as_documented()
    {
        var options = new StreamClientOptions();
        options.Validate();
        Assert.Equal(new Uri("http://127.0.0.1:7400"), options.Server);
        Assert.Equal(
            (TimeSpan.FromSeconds(5), 20, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)),
            (options.ConnectTimeout, options.ReconnectAttemptsMax, options.BackoffMin, options.BackoffMax, options.KeepAlive));
    }

    [Fact]
    public void Every_option_out_of_its_range_is_named()
    {
        var options = new StreamClientOptions
        {
            Server = new Uri("ftp://here"), ConnectTimeout = default, ReconnectAttemptsMax = -1, BackoffMin = default, BackoffMax = TimeSpan.FromDays(1), KeepAlive = default,
        };
        Assert.Equal(
            """
            Stream client option Server is ftp://here/; it must be an address such as http://127.0.0.1:7400.
            Stream client option ConnectTimeout is 00:00:00; it must be 00:00:00.1000000 to 00:01:00.
            Stream client option ReconnectAttemptsMax is -1; it must be 0 to 1000000.
            Stream client option BackoffMin is 00:00:00; it must be 00:00:00.0010000 to 00:01:00.
            Stream client option BackoffMax is 1.00:00:00; it must be 00:00:00 to 00:10:00.
            Stream client option KeepAlive is 00:00:00; it must be 00:00:00.1000000 to 00:10:00.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }

    // The updates of a subscription one by one.
    private sealed class Updates : IAsyncDisposable
    {
        private readonly CancellationTokenSource _patience = new(Patience);
        private readonly IAsyncEnumerator<StreamUpdate> _updates;

        public Updates(StreamServer server, StreamRequest request, int attempts = 1_000)
        {
            var options = new StreamClientOptions
            {
                Server = server.Address, ReconnectAttemptsMax = attempts, BackoffMin = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(20),
            };
            _updates = new StreamClient(options).SubscribeAsync(request, _patience.Token).GetAsyncEnumerator(_patience.Token);
        }

        public async Task<StreamUpdate> NextAsync()
        {
            Assert.True(await _updates.MoveNextAsync());
            return _updates.Current;
        }

        public async Task<StreamUpdate> NextAsync(StreamUpdateKind kind)
        {
            while (true)
            {
                if (await NextAsync() is var next && next.Kind == kind)
                {
                    return next;
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _updates.DisposeAsync();
            _patience.Dispose();
        }
    }
}

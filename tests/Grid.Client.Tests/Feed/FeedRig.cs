using System.Globalization;
using System.Net;
using System.Text;
using Grid.Client.Feed;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Feed;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Client.Tests.Feed;

/// <summary>A recording grid, its feed server, a wire that can be cut, and clients through it.</summary>
internal sealed class FeedRig : IAsyncDisposable
{
    public FeedRig()
    {
        Server = Start(port: 0);
        Relay = new Relay(Server.EndPoint);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public RecordingGrid Grid { get; } = new();

    public FeedServer Server { get; private set; }

    public Relay Relay { get; }

    /// <summary>Options that try again soon, through the wire.</summary>
    public FeedClientOptions Options(Action<FeedClientOptions>? configure = null)
    {
        var options = new FeedClientOptions
        {
            Server = Relay.EndPoint,
            Producer = "client",
            Epoch = 7,
            Linger = TimeSpan.Zero,
            BackoffMin = TimeSpan.FromMilliseconds(1),
            BackoffMax = TimeSpan.FromMilliseconds(20),
            ReconnectAttemptsMax = 2000,
        };
        configure?.Invoke(options);
        return options;
    }

    public Task<FeedClient> ConnectAsync(Action<FeedClientOptions>? configure = null, TimeProvider? time = null) =>
        FeedClient.ConnectAsync(Options(configure), time, Cancel);

    /// <summary>Ends the server's process, as far as a client can see: its connections are reset and its port is closed.</summary>
    public async Task KillServerAsync()
    {
        Relay.IsDown = true;
        Relay.Cut();
        await Server.DisposeAsync();
    }

    /// <summary>Starts a server again, on another port behind the same wire.</summary>
    public void StartServer()
    {
        Server = Start(port: 0);
        Relay.Target = Server.EndPoint;
        Relay.IsDown = false;
    }

    public static SourceId Declare(FeedClient client, string name = "S") => client.DeclareSource(new SourceDeclaration { Name = name });

    /// <summary>The nth trade of a client's only source, in one of five instruments.</summary>
    public static MarketEvent Trade(FeedClient client, SourceId source, int n) => new()
    {
        Kind = EventKind.Trade,
        Source = source,
        Instrument = client.Instrument(Encoding.ASCII.GetBytes("I" + (n % 5).ToString(CultureInfo.InvariantCulture))),
        Sequence = (ulong)n,
        EventTime = new UnixNanos(1_700_000_000_000_000_000 + n),
        F0 = Price.Of(n).Raw,
        F1 = Quantity.One,
    };

    /// <summary>Fails unless the grid has the trades 1 to n, once each and in order, under the right names.</summary>
    public void AssertTrades(int n)
    {
        Assert.Equal(Enumerable.Range(1, n).Select(i => (ulong)i), Grid.Events.Select(e => e.Event.Sequence));
        Assert.All(Grid.Events, e => Assert.Equal("I" + (e.Event.Sequence % 5), Grid.Names.Symbol(e.Event.Instrument)));
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Server.DisposeAsync();
    }

    private FeedServer Start(int port) => FeedServer.Start(
        Grid, new FeedOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, port) }, TimeProvider.System, NullLoggerFactory.Instance);
}

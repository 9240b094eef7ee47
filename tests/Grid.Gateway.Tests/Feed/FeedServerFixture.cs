using System.Net;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Feed;

/// <summary>A feed server on a free port with a recording grid behind it.</summary>
internal sealed class FeedServerFixture : IAsyncDisposable
{
    private readonly ManualTime? _time;

    public FeedServerFixture(Action<FeedOptions>? configure = null, TimeProvider? time = null, Gatekeeper? gatekeeper = null, ILoggerFactory? logs = null)
    {
        var options = new FeedOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        _time = time as ManualTime;
        Server = FeedServer.Start(Grid, options, time ?? TimeProvider.System, logs ?? NullLoggerFactory.Instance, gatekeeper);
    }

    public RecordingGrid Grid { get; } = new();

    public FeedServer Server { get; }

    public IPEndPoint EndPoint => Server.EndPoint;

    /// <summary>Fails unless a new client can still feed an event and have it acknowledged.</summary>
    public async Task AssertServesAsync(string producer = "probe")
    {
        var (peer, last) = await FeedPeer.OpenAsync(EndPoint, producer, epoch: 1_000_000);
        using (peer)
        {
            await peer.AnnounceAsync();
            await peer.SendAsync(FeedPeer.Batch(last + 1, 1));
            await peer.ReadAckAsync(last + 1);
        }
    }

    /// <summary>Stops the server. A clock that stands still is moved, so that clients which a failed test left open do not hold it up.</summary>
    public async ValueTask DisposeAsync()
    {
        var stopping = Server.DisposeAsync().AsTask();
        while (_time is not null && !stopping.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        await stopping;
    }
}

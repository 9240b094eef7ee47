using System.Net;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Feed;

/// <summary>Options of the binary feed's server. Each has a default and a range; <see cref="Validate(bool)"/> names every one that is out of it.</summary>
public sealed class FeedOptions
{
    /// <summary>Where to listen; an address that is not loopback needs keys and <see cref="Tls"/>. Port 0 picks a free one. 127.0.0.1:7401 by default.</summary>
    public IPEndPoint EndPoint { get; set; } = new(IPAddress.Loopback, FeedProtocol.DefaultPort);

    /// <summary>TLS; null, the default, for none.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>Connections at a time; 1 to <see cref="GridLimits.FeedConnectionsMax"/>, 4,096 by default. One more is told so and closed.</summary>
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Time that a new connection has for its Hello; 100 ms to 1 minute, 5 s by default.</summary>
    public TimeSpan HelloTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time without a whole frame after which a connection is closed; 1 s to 1 hour, 1 minute by default. A client keeps it open with Ping.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time that a closed connection has to take the last error; 10 ms to 10 s, 1 s by default.</summary>
    public TimeSpan LingerTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bytes of the buffer that a busy connection reads into; 64 KB to 64 MB, 512 KB by default. It grows for a larger frame; an idle connection has none.</summary>
    public int ReceiveBufferBytes { get; set; } = 512 << 10;

    /// <summary>Batches that a client may have sent and not yet acknowledged; 1 to <see cref="GridLimits.FeedOutstandingBatchesMax"/>, 256 by default.</summary>
    public int OutstandingBatchesMax { get; set; } = 256;

    /// <summary>Throws if an option is out of its range for a server without keys.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate() => Validate(hasKeys: false);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <param name="hasKeys">Whether clients are asked for keys.</param>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate(bool hasKeys)
    {
        var faults = new OptionFaults("Feed");
        faults.CheckEndPoint(nameof(EndPoint), EndPoint, hasKeys, needsTls: Tls is null);
        Tls?.Check(faults);
        faults.CheckRange(nameof(ConnectionsMax), ConnectionsMax, 1, GridLimits.FeedConnectionsMax, "connections");
        faults.CheckRange(nameof(HelloTimeout), HelloTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        faults.CheckRange(nameof(IdleTimeout), IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        faults.CheckRange(nameof(LingerTimeout), LingerTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10));
        faults.CheckRange(nameof(ReceiveBufferBytes), ReceiveBufferBytes, 64 << 10, 64 << 20, "bytes");
        faults.CheckRange(nameof(OutstandingBatchesMax), OutstandingBatchesMax, 1, GridLimits.FeedOutstandingBatchesMax, "batches");
        faults.ThrowIfAny();
    }
}

using System.Net;
using Grid.Domain;
using Grid.Gateway.Streams;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Http;

/// <summary>Options of the HTTP server. Each has a default and a range; <see cref="Validate(bool)"/> names every one that is out of it.</summary>
public sealed class GatewayOptions
{
    /// <summary>Port of a server that is not told another.</summary>
    public const int DefaultPort = 7400;

    /// <summary>Where to listen; an address that is not loopback needs keys. Port 0 picks a free one. 127.0.0.1:7400 by default.</summary>
    public IPEndPoint EndPoint { get; set; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>TLS; null, the default, for none.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>Connections at a time; 1 to <see cref="GridLimits.HttpConnectionsMax"/>, 4,096 by default. One more is closed.</summary>
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Most rows of one answer; 1 to <see cref="GridLimits.QueryRowsMax"/>, 1 million by default. A request that asks for more is refused.</summary>
    public int RowsMax { get; set; } = 1_000_000;

    /// <summary>Largest request body in bytes; 1 KB to <see cref="GridLimits.HttpBodyBytesMax"/>, 16 MB by default.</summary>
    public long BodyBytesMax { get; set; } = 16 << 20;

    /// <summary>Bytes that a compressed body may become; 1 KB to <see cref="GridLimits.HttpInflatedBytesMax"/>, 256 MB by default.</summary>
    public long InflatedBytesMax { get; set; } = 256 << 20;

    /// <summary>Requests that publish at the same time, each with a feed of its own; 1 to <see cref="GridLimits.PublisherFeedsMax"/>, 16 by default. One more waits.</summary>
    public int PublishersMax { get; set; } = 16;

    /// <summary>A file that says what measurements and columns of line protocol are; without it they are those of Grid.</summary>
    public string? IlpMapping { get; set; }

    /// <summary>
    /// Names besides localhost and the loopback addresses that requests may be meant for: those of a proxy that hands the
    /// <c>Host</c> header on. None by default, so that no web page can reach the server under a name of its own. Not looked at where keys are asked for.
    /// </summary>
    public IReadOnlyList<string> HostsAllowed { get; set; } = [];

    /// <summary>Subscriptions.</summary>
    public StreamOptions Stream { get; set; } = new();

    /// <summary>
    /// Origins (<c>https://dashboard.example</c>) whose pages may read from this server, at most <see cref="GridLimits.CorsOriginsMax"/>.
    /// None by default: a browser then keeps the answers from all pages but the server's own.
    /// </summary>
    public IReadOnlyList<string> CorsOrigins { get; set; } = [];

    /// <summary>Throws if an option is out of its range for a server without keys.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate() => Validate(hasKeys: false);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <param name="hasKeys">Whether clients are asked for keys.</param>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate(bool hasKeys)
    {
        var faults = new OptionFaults("Http");
        faults.CheckEndPoint(nameof(EndPoint), EndPoint, hasKeys);
        Tls?.Check(faults);
        faults.CheckRange(nameof(ConnectionsMax), ConnectionsMax, 1, GridLimits.HttpConnectionsMax, "connections");
        faults.CheckRange(nameof(RowsMax), RowsMax, 1, GridLimits.QueryRowsMax, "rows");
        faults.CheckRange(nameof(BodyBytesMax), BodyBytesMax, 1 << 10, GridLimits.HttpBodyBytesMax, "bytes");
        Stream.Check(faults);
        faults.CheckRange(nameof(InflatedBytesMax), InflatedBytesMax, 1 << 10, GridLimits.HttpInflatedBytesMax, "bytes");
        faults.CheckRange(nameof(PublishersMax), PublishersMax, 1, GridLimits.PublisherFeedsMax, "feeds");
        faults.Check(() => Ilp.IlpMapping.Load(IlpMapping));
        faults.CheckRange(nameof(CorsOrigins), CorsOrigins.Count, 0, GridLimits.CorsOriginsMax, "origins");
        faults.CheckOrigins(nameof(CorsOrigins), CorsOrigins);
        faults.ThrowIfAny();
    }
}

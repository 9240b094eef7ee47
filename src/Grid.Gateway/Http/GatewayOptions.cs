using System.Net;
using Grid.Domain;

namespace Grid.Gateway.Http;

/// <summary>Options of the HTTP server. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class GatewayOptions
{
    /// <summary>Port of a server that is not told another.</summary>
    public const int DefaultPort = 7400;

    /// <summary>Where to listen: loopback only in this release. Port 0 picks a free one. 127.0.0.1:7400 by default.</summary>
    public IPEndPoint EndPoint { get; set; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>Connections at a time; 1 to <see cref="GridLimits.HttpConnectionsMax"/>, 4,096 by default. One more is closed.</summary>
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Most rows of one answer; 1 to <see cref="GridLimits.QueryRowsMax"/>, 1 million by default. A request that asks for more is refused.</summary>
    public int RowsMax { get; set; } = 1_000_000;

    /// <summary>Largest request body in bytes; 1 KB to <see cref="GridLimits.HttpBodyBytesMax"/>, 16 MB by default.</summary>
    public long BodyBytesMax { get; set; } = 16 << 20;

    /// <summary>
    /// Names besides localhost and the loopback addresses that requests may be meant for: those of a proxy that hands the
    /// <c>Host</c> header on. None by default, so that no web page can reach the server under a name of its own.
    /// </summary>
    public IReadOnlyList<string> HostsAllowed { get; set; } = [];

    /// <summary>
    /// Origins (<c>https://dashboard.example</c>) whose pages may read from this server, at most <see cref="GridLimits.CorsOriginsMax"/>.
    /// None by default: a browser then keeps the answers from all pages but the server's own.
    /// </summary>
    public IReadOnlyList<string> CorsOrigins { get; set; } = [];

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new OptionFaults("Http");
        faults.CheckLoopback(nameof(EndPoint), EndPoint);
        faults.CheckRange(nameof(ConnectionsMax), ConnectionsMax, 1, GridLimits.HttpConnectionsMax, "connections");
        faults.CheckRange(nameof(RowsMax), RowsMax, 1, GridLimits.QueryRowsMax, "rows");
        faults.CheckRange(nameof(BodyBytesMax), BodyBytesMax, 1 << 10, GridLimits.HttpBodyBytesMax, "bytes");
        faults.CheckRange(nameof(CorsOrigins), CorsOrigins.Count, 0, GridLimits.CorsOriginsMax, "origins");
        faults.CheckOrigins(nameof(CorsOrigins), CorsOrigins);
        faults.ThrowIfAny();
    }
}

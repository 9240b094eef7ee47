using System.Net;

namespace Grid.Gateway.Http;

/// <summary>Options of the HTTP server. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class GatewayOptions
{
    /// <summary>Port of a server that is not told another.</summary>
    public const int DefaultPort = 7400;

    /// <summary>Where to listen: loopback only in this release. Port 0 picks a free one. 127.0.0.1:7400 by default.</summary>
    public IPEndPoint EndPoint { get; set; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>Connections at a time; 1 to 65,536, 4,096 by default.</summary>
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Most rows of one answer; 1 to 10 million, 1 million by default. A request that asks for more is refused.</summary>
    public int RowsMax { get; set; } = 1_000_000;

    /// <summary>Largest request body in bytes; 1 KB to 256 MB, 16 MB by default.</summary>
    public long BodyBytesMax { get; set; } = 16 << 20;

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new OptionFaults("Http");
        faults.CheckLoopback(nameof(EndPoint), EndPoint);
        faults.CheckRange(nameof(ConnectionsMax), ConnectionsMax, 1, 65_536, "connections");
        faults.CheckRange(nameof(RowsMax), RowsMax, 1, 10_000_000, "rows");
        faults.CheckRange(nameof(BodyBytesMax), BodyBytesMax, 1 << 10, 256 << 20, "bytes");
        faults.ThrowIfAny();
    }
}

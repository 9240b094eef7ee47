using System.Net;
using Grid.Domain;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Ilp;

/// <summary>Options of line protocol over TCP. Each has a default and a range; <see cref="Validate(bool)"/> names every one that is out of it.</summary>
public sealed class IlpOptions
{
    /// <summary>Port of a server that is not told another.</summary>
    public const int DefaultPort = 7402;

    /// <summary>Where to listen; an address that is not loopback needs keys and <see cref="Tls"/>. Port 0 picks a free one. 127.0.0.1:7402 by default.</summary>
    public IPEndPoint EndPoint { get; set; } = new(IPAddress.Loopback, DefaultPort);

    /// <summary>TLS; null, the default, for none.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>Connections at a time; 1 to <see cref="GridLimits.IlpConnectionsMax"/>, 1,024 by default. One more is closed.</summary>
    public int ConnectionsMax { get; set; } = 1024;

    /// <summary>Bytes of a line; 1 KB to <see cref="GridLimits.RowBytesMax"/>, 64 KB by default. A longer one is refused and the connection goes on.</summary>
    public int LineBytesMax { get; set; } = 64 << 10;

    /// <summary>Time that a line which has begun has to end, and a new connection to bring its key; 1 s to 10 minutes, 10 s by default. Then the connection is closed.</summary>
    public TimeSpan LineTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time without a whole line after which a connection is closed; 1 s to 1 day, 10 minutes by default.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Connections whose lines are taken in at the same moment, each with a feed of its own; 1 to <see cref="GridLimits.PublisherFeedsMax"/>, 8 by default. One more waits.</summary>
    public int PublishersMax { get; set; } = 8;

    /// <summary>Unit of times that do not say theirs, see <see cref="IlpPrecision"/>; ns by default.</summary>
    public string Precision { get; set; } = "ns";

    /// <summary>Source of lines that name none; ilp by default.</summary>
    public string Source { get; set; } = "ilp";

    /// <summary>A file that says what measurements and columns are (<see cref="IlpMapping"/>), over TCP and HTTP; without it they are those of Grid.</summary>
    public string? Mapping { get; set; }

    /// <summary>Throws if an option is out of its range for a server without keys.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate() => Validate(hasKeys: false);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <param name="hasKeys">Whether clients are asked for keys.</param>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate(bool hasKeys)
    {
        var faults = new OptionFaults("Ilp");
        faults.CheckEndPoint(nameof(EndPoint), EndPoint, hasKeys, needsTls: Tls is null);
        Tls?.Check(faults);
        faults.CheckRange(nameof(ConnectionsMax), ConnectionsMax, 1, GridLimits.IlpConnectionsMax, "connections");
        faults.CheckRange(nameof(LineBytesMax), LineBytesMax, 1 << 10, GridLimits.RowBytesMax, "bytes");
        faults.CheckRange(nameof(LineTimeout), LineTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        faults.CheckRange(nameof(IdleTimeout), IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        faults.CheckRange(nameof(PublishersMax), PublishersMax, 1, GridLimits.PublisherFeedsMax, "feeds");
        faults.CheckName(nameof(Source), Source);
        faults.CheckOneOf(nameof(Precision), Precision, IlpPrecision.All.Select(p => p.Key));
        faults.Check(() => IlpMapping.Load(Mapping));
        faults.ThrowIfAny();
    }
}

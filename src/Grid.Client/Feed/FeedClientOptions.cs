using System.Net;
using System.Text;
using Grid.Client.Tls;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;

namespace Grid.Client.Feed;

/// <summary>Options of a feed client. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class FeedClientOptions
{
    /// <summary>The server: an address or a host name with a port; 127.0.0.1:7401 by default.</summary>
    public EndPoint Server { get; set; } = new IPEndPoint(IPAddress.Loopback, FeedProtocol.DefaultPort);

    /// <summary>The key for a server that asks for one; null, the default, for none. It is sent over TLS or within the machine, and nowhere else.</summary>
    public string? ApiKey { get; set; }

    /// <summary>TLS; null, the default, for none.</summary>
    public ClientTlsOptions? Tls { get; set; }

    /// <summary>The producer's name, see <see cref="NameRules"/>; the same in every life of it. Must be given.</summary>
    public string Producer { get; set; } = string.Empty;

    /// <summary>This life of the producer; must grow with every start that does not go on with the batches of the last one. 0, the default, takes the clock's nanoseconds.</summary>
    public ulong Epoch { get; set; }

    /// <summary>The acknowledgement wanted; journaled by default.</summary>
    public FeedAck Ack { get; set; } = FeedAck.Journaled;

    /// <summary>Events of a full batch; 1 to <see cref="GridLimits.BatchEventsMax"/>, 8,192 by default.</summary>
    public int BatchEvents { get; set; } = 8192;

    /// <summary>Time after which a batch is sent that is not full; 0 (never: only when full or flushed) to 10 s, 20 ms by default.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Batches kept until they are acknowledged; 1 to <see cref="GridLimits.FeedOutstandingBatchesMax"/>, 32 by default. The server may allow fewer to be outstanding.</summary>
    public int OutstandingBatches { get; set; } = 32;

    /// <summary>Time for a connection to be made and answered; 100 ms to 1 minute, 5 s by default.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts to connect again, without progress between them, before the client gives up; 0 to 1,000,000, 20 by default.</summary>
    public int ReconnectAttemptsMax { get; set; } = 20;

    /// <summary>Wait before the first attempt to connect again, doubled for each further one; 1 ms to 1 minute, 50 ms by default.</summary>
    public TimeSpan BackoffMin { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between attempts; <see cref="BackoffMin"/> to 10 minutes, 5 s by default.</summary>
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between signs of life; 100 ms to 10 minutes, 15 s by default. A server that is silent for three times as long is taken for lost.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(Producer)))
        {
            faults.Add($"Feed client option {nameof(Producer)}: {NameRules.Explain(Producer)}.");
        }

        if (ApiKey is not null && (ApiKey.Length is < 1 or > AuthenticateFrame.PayloadBytesMax || !Ascii.IsValid(ApiKey)))
        {
            faults.Add($"Feed client option {nameof(ApiKey)} has {ApiKey.Length} characters; it must have 1 to {AuthenticateFrame.PayloadBytesMax}, all of them ASCII.");
        }

        Check(faults, Ack <= FeedAck.Committed, nameof(Ack), Ack, "it must be Received, Journaled or Committed");
        CheckRange(faults, nameof(BatchEvents), BatchEvents, 1, GridLimits.BatchEventsMax);
        CheckRange(faults, nameof(Linger), Linger, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        CheckRange(faults, nameof(OutstandingBatches), OutstandingBatches, 1, GridLimits.FeedOutstandingBatchesMax);
        CheckRange(faults, nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        CheckRange(faults, nameof(ReconnectAttemptsMax), ReconnectAttemptsMax, 0, 1_000_000);
        CheckRange(faults, nameof(BackoffMin), BackoffMin, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(faults, nameof(BackoffMax), BackoffMax, BackoffMin, TimeSpan.FromMinutes(10));
        CheckRange(faults, nameof(KeepAlive), KeepAlive, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }
    }

    private static void CheckRange<T>(List<string> faults, string name, T value, T lowest, T highest)
        where T : IComparable<T> =>
        Check(faults, value.CompareTo(lowest) >= 0 && value.CompareTo(highest) <= 0, name, value, $"it must be {lowest} to {highest}");

    private static void Check<T>(List<string> faults, bool holds, string name, T value, string rule)
    {
        if (!holds)
        {
            faults.Add($"Feed client option {name} is {value}; {rule}.");
        }
    }
}

using Grid.Domain;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>Options of <c>/v1/stream</c>. Each has a default and a range; <see cref="Check"/> names every one that is out of it.</summary>
public sealed class StreamOptions
{
    /// <summary>Streams open at a time, WebSockets and server-sent events together; 1 to <see cref="GridLimits.HttpConnectionsMax"/>, 4,096 by default. One more is refused.</summary>
    public int ConnectionsMax { get; set; } = 4096;

    /// <summary>Subscriptions of one connection; 1 to 100,000, 1,000 by default.</summary>
    public int SubscriptionsMax { get; set; } = 1000;

    /// <summary>Symbols, patterns and CUSIPs that one request names; 1 to 1 million, 10,000 by default. What a pattern finds does not count.</summary>
    public int NamesMax { get; set; } = 10_000;

    /// <summary>Bytes of a client's message; 1 KB to 16 MB, 1 MB by default. A longer one ends the connection.</summary>
    public int MessageBytesMax { get; set; } = 1 << 20;

    /// <summary>Ticks that an instrument may be ahead of a subscriber before it is conflated or closed; 1 to 100 million, 65,536 by default.</summary>
    public long TicksBehindMax { get; set; } = SubscriptionLimits.TicksBehindMax;

    /// <summary>Time in which a client must take a message; 100 ms to 10 minutes, 10 s by default. One that takes longer is disconnected.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between signs of life on a quiet stream; 100 ms to 10 minutes, 15 s by default. A WebSocket that does not answer a ping within as long is disconnected.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Time after which a quiet client is told how far the disk is; 1 ms to 10 s, 100 ms by default.</summary>
    public TimeSpan FlushedAfter { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Adds what is out of its range to faults.</summary>
    internal void Check(OptionFaults faults)
    {
        faults.CheckRange($"Stream:{nameof(ConnectionsMax)}", ConnectionsMax, 1, GridLimits.HttpConnectionsMax, "connections");
        faults.CheckRange($"Stream:{nameof(SubscriptionsMax)}", SubscriptionsMax, 1, 100_000, "subscriptions");
        faults.CheckRange($"Stream:{nameof(NamesMax)}", NamesMax, 1, 1_000_000, "names");
        faults.CheckRange($"Stream:{nameof(MessageBytesMax)}", MessageBytesMax, 1 << 10, 16 << 20, "bytes");
        faults.CheckRange($"Stream:{nameof(TicksBehindMax)}", TicksBehindMax, 1, 100_000_000, "ticks");
        faults.CheckRange($"Stream:{nameof(SendTimeout)}", SendTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        faults.CheckRange($"Stream:{nameof(KeepAlive)}", KeepAlive, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        faults.CheckRange($"Stream:{nameof(FlushedAfter)}", FlushedAfter, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));
    }
}

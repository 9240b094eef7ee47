using Grid.Client.Tls;

namespace Grid.Client.Streams;

/// <summary>Options of a subscribing client. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class StreamClientOptions
{
    /// <summary>The server; http://127.0.0.1:7400 by default.</summary>
    public Uri Server { get; set; } = Query.QueryClient.DefaultAddress;

    /// <summary>The key for a server that asks for one; null, the default, for none.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Whom to trust over https; null, the default, for whom the machine does.</summary>
    public ClientTlsOptions? Tls { get; set; }

    /// <summary>Time for a connection to be made and answered; 100 ms to 1 minute, 5 s by default.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts to connect again, without an update between them, before the client gives up; 0 to 1,000,000, 20 by default.</summary>
    public int ReconnectAttemptsMax { get; set; } = 20;

    /// <summary>Wait before the first attempt to connect again, doubled for each further one; 1 ms to 1 minute, 50 ms by default.</summary>
    public TimeSpan BackoffMin { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between attempts; <see cref="BackoffMin"/> to 10 minutes, 5 s by default.</summary>
    public TimeSpan BackoffMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between pings; 100 ms to 10 minutes, 15 s by default. A server that does not answer one within as long is taken for lost.</summary>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        Check(Server is { IsAbsoluteUri: true, Scheme: "http" or "https" }, nameof(Server), Server, "it must be an address such as http://127.0.0.1:7400");
        CheckRange(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        CheckRange(nameof(ReconnectAttemptsMax), ReconnectAttemptsMax, 0, 1_000_000);
        CheckRange(nameof(BackoffMin), BackoffMin, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(nameof(BackoffMax), BackoffMax, BackoffMin, TimeSpan.FromMinutes(10));
        CheckRange(nameof(KeepAlive), KeepAlive, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10));
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }

        void CheckRange<T>(string name, T value, T lowest, T highest)
            where T : IComparable<T> => Check(value.CompareTo(lowest) >= 0 && value.CompareTo(highest) <= 0, name, value, $"it must be {lowest} to {highest}");

        void Check<T>(bool holds, string name, T value, string rule)
        {
            if (!holds)
            {
                faults.Add($"Stream client option {name} is {value}; {rule}.");
            }
        }
    }
}

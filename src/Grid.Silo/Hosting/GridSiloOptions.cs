using System.Globalization;
using System.Net;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Silo.Hosting;

/// <summary>Options of a silo. <see cref="Validate"/> names every one that is out of its range.</summary>
public sealed class GridSiloOptions
{
    /// <summary>Id of the cluster: silos with the same one in the same database are one cluster. 1 to 100 characters, <c>grid</c> by default.</summary>
    public string Cluster { get; set; } = "grid";

    /// <summary>Address at which other silos and clients reach this one; loopback by default.</summary>
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>Port for other silos; 1 to 65535, 11111 by default.</summary>
    public int SiloPort { get; set; } = 11_111;

    /// <summary>Port for clients; 0 for none, up to 65535, 30000 by default.</summary>
    public int GatewayPort { get; set; } = 30_000;

    /// <summary>The database, which is the cluster's log and knows its members.</summary>
    public PostgresOptions Postgres { get; set; } = new();

    /// <summary>The silo's name, and how much is committed together.</summary>
    public GroupCommitOptions Commit { get; set; } = new();

    /// <summary>How often a silo is asked whether it is alive, and how long it may take to answer; 100 ms to 1 minute, 500 ms by default.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Answers in a row that a silo owes before it is suspected to be dead; 1 to 100, 2 by default.</summary>
    public int ProbesMissedMax { get; set; } = 2;

    /// <summary>How long a call between grains waits for an answer before it is made again; 500 ms to 5 minutes, 5 s by default.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts that are made to commit a slice; 1 to 1,000, 30 by default.</summary>
    public int SliceAttemptsMax { get; set; } = 30;

    /// <summary>Wait before the second attempt; doubled for each further one, up to <see cref="SliceRetryDelayMax"/>. 1 ms to 1 minute, 50 ms by default.</summary>
    public TimeSpan SliceRetryDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest wait between two attempts; 1 ms to 5 minutes, 2 s by default.</summary>
    public TimeSpan SliceRetryDelayMax { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Events of an instrument after which its state is saved; 100 to 10 million, 10,000 by default.</summary>
    public int SnapshotEvents { get; set; } = 10_000;

    /// <summary>Time after which a state that changed is saved with the next slice; 1 s to 1 hour, 30 s by default.</summary>
    public TimeSpan SnapshotInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Newest ticks that an instrument keeps in memory, for amendments; twice as many for a while. 10 to 1 million, 500 by default. A tick takes 88 bytes.</summary>
    public int RecentTicksMax { get; set; } = 500;

    /// <summary>Newest closed minutes that an instrument keeps in memory, for amendments; twice as many for a while. 10 to 100,000, 400 by default. A minute takes about 180 bytes.</summary>
    public int RecentBarsMax { get; set; } = 400;

    /// <summary>How long a grain that nobody calls stays in memory; 1 minute to 30 days, 2 hours by default.</summary>
    public TimeSpan IdleMax { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">One line for each that is wrong: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        Gather(Postgres.Validate);
        Gather(Commit.Validate);
        if (Cluster.Length is 0 or > 100)
        {
            faults.Add($"Option Silo:{nameof(Cluster)} is '{Cluster}'; it must have 1 to 100 characters.");
        }

        if (!IPAddress.TryParse(Address, out _))
        {
            faults.Add($"Option Silo:{nameof(Address)} is '{Address}'; it must be an IP address.");
        }

        CheckRange(nameof(SiloPort), SiloPort, 1, 65_535);
        CheckRange(nameof(GatewayPort), GatewayPort, 0, 65_535);
        CheckRange(nameof(ProbeTimeout), ProbeTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        CheckRange(nameof(ProbesMissedMax), ProbesMissedMax, 1, 100);
        CheckRange(nameof(ResponseTimeout), ResponseTimeout, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(5));
        CheckRange(nameof(SliceAttemptsMax), SliceAttemptsMax, 1, 1000);
        CheckRange(nameof(SliceRetryDelay), SliceRetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(nameof(SliceRetryDelayMax), SliceRetryDelayMax, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(5));
        CheckRange(nameof(SnapshotEvents), SnapshotEvents, 100, 10_000_000);
        CheckRange(nameof(SnapshotInterval), SnapshotInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckRange(nameof(RecentTicksMax), RecentTicksMax, 10, 1_000_000);
        CheckRange(nameof(RecentBarsMax), RecentBarsMax, 10, 100_000);
        CheckRange(nameof(IdleMax), IdleMax, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }

        void Gather(Action validate)
        {
            try
            {
                validate();
            }
            catch (ArgumentException e)
            {
                faults.Add(e.Message);
            }
        }

        void CheckRange<T>(string option, T value, T lowest, T highest)
            where T : IComparable<T>, IFormattable
        {
            if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"Option Silo:{option} is {value}; it must be {lowest} to {highest}."));
            }
        }
    }
}

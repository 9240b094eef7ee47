using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>Options of who is let in. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class AccessOptions
{
    /// <summary>The key file; null, the default, is <c>keys.json</c> in the data folder.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Time between looks at the key file, after which a change takes effect; 100 ms to 1 minute, 1 s by default.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Refused keys a minute of one address before it is told to wait; 1 to 100,000, 60 by default.</summary>
    public int FailuresPerMinuteMax { get; set; } = 60;

    /// <summary>Addresses whose refused keys are counted apart; 1 to <see cref="GridLimits.FailingAddressesMax"/>, 4,096 by default.</summary>
    public int FailingAddressesMax { get; set; } = 4096;

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new OptionFaults("Access");
        faults.CheckRange(nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        faults.CheckRange(nameof(FailuresPerMinuteMax), FailuresPerMinuteMax, 1, 100_000, "refused keys a minute");
        faults.CheckRange(nameof(FailingAddressesMax), FailingAddressesMax, 1, GridLimits.FailingAddressesMax, "addresses");
        faults.ThrowIfAny();
    }
}

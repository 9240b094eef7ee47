using System.Net;
using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Gateway;

/// <summary>Gathers what is wrong with an options object, so that all of it is said at once.</summary>
internal sealed class OptionFaults(string component)
{
    private readonly List<string> _faults = [];

    public void CheckRange(string name, long value, long lowest, long highest, string unit)
    {
        if (value < lowest || value > highest)
        {
            _faults.Add($"{component} option {name} is {value}; it must be {lowest} to {highest} {unit}.");
        }
    }

    public void CheckRange(string name, TimeSpan value, TimeSpan lowest, TimeSpan highest)
    {
        if (value < lowest || value > highest)
        {
            _faults.Add($"{component} option {name} is {value}; it must be {lowest} to {highest}.");
        }
    }

    public void CheckLoopback(string name, IPEndPoint? value)
    {
        if (value is null)
        {
            _faults.Add($"{component} option {name} is missing; it must be an address and a port.");
        }
        else if (!IPAddress.IsLoopback(value.Address))
        {
            _faults.Add($"{component} option {name} is {value}, which is not a loopback address; this release listens on loopback only, because API keys and TLS, without which no other address is safe, come in a later release.");
        }
    }

    public void CheckName(string name, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        if (!NameRules.IsValid(bytes))
        {
            _faults.Add($"{component} option {name}: {NameRules.Explain(bytes)}.");
        }
    }

    public void CheckOneOf(string name, string value, IEnumerable<string> known)
    {
        if (!known.Contains(value))
        {
            _faults.Add($"{component} option {name} is {value}; it must be one of {string.Join(", ", known)}.");
        }
    }

    /// <summary>Keeps what a check has to say.</summary>
    public void Check(Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            _faults.Add($"{component} option: {e.Message}.");
        }
    }

    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', _faults));
        }
    }
}

using System.Net;

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

    public void CheckOrigins(string name, IEnumerable<string> origins)
    {
        foreach (var origin in origins)
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.GetLeftPart(UriPartial.Authority) != origin)
            {
                _faults.Add($"{component} option {name} has '{origin}'; each must be http or https, a host in lower case and, unless it is the usual one, a port, such as https://dashboard.example.");
            }
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

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

    /// <summary>An address that others can reach needs keys, and where it <paramref name="needsTls"/>, TLS.</summary>
    public void CheckEndPoint(string name, IPEndPoint? value, bool hasKeys, bool needsTls = false)
    {
        if (value is null)
        {
            _faults.Add($"{component} option {name} is missing; it must be an address and a port.");
            return;
        }

        if (IPAddress.IsLoopback(value.Address))
        {
            return;
        }

        if (!hasKeys)
        {
            _faults.Add($"{component} option {name} is {value}, which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).");
        }

        if (needsTls)
        {
            _faults.Add($"{component} option {name} is {value}, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.");
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
    public void Add(string fault) => _faults.Add($"{component} {fault}");

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

using System.Globalization;

namespace Grid.Domain.Validation;

/// <summary>Sentences about options that are out of their range: option, value, rule.</summary>
internal static class OptionFault
{
    public static void CheckRange<T>(List<string> faults, string option, T value, T lowest, T highest)
        where T : IComparable<T>, IFormattable
    {
        if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"Option {option} is {value}; it must be {lowest} to {highest}."));
        }
    }

    public static void ThrowIfAny(List<string> faults)
    {
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }
    }
}

using System.Globalization;

namespace Grid.Gateway.Http.Rows;

/// <summary>Sums, which do not fit 64 bits, as plain decimals.</summary>
internal static class WideDecimal
{
    /// <summary>The shortest plain decimal of an integer scaled by 10^<paramref name="scale"/>.</summary>
    public static string Text(Int128 value, int scale)
    {
        var digits = Int128.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var fraction = digits[^scale..].TrimEnd('0');
        return (value < 0 ? "-" : string.Empty) + digits[..^scale] + (fraction.Length == 0 ? string.Empty : "." + fraction);
    }
}

using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>The volume-weighted average price of exact sums.</summary>
internal static class AveragePrice
{
    /// <summary>Notional over volume, rounded half to even at 1e-9; 0 without volume.</summary>
    public static Price Of(Int128 notional, Int128 volume)
    {
        if (volume == 0)
        {
            return default;
        }

        var (quotient, rest) = Int128.DivRem(notional, volume);
        var twice = Int128.Abs(rest) * 2;
        if (twice > volume || (twice == volume && Int128.IsOddInteger(quotient)))
        {
            quotient += notional < 0 ? -1 : 1;
        }

        return new Price((long)quotient);
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Validation;

/// <summary>
/// Tells multiples of a fixed tick size with one multiplication, because a 64-bit division costs as much as all other
/// rules together.
/// </summary>
/// <remarks>
/// Let tick = odd * 2^shift. Multiplying by the inverse of odd modulo 2^64 maps the multiples of odd to their quotients,
/// which are small, and everything else to larger numbers; rotating by shift does the same for the power of two
/// (Granlund and Montgomery).
/// </remarks>
internal readonly struct TickDivisor
{
    // n is a multiple exactly if rotating n * inverse right by shift gives at most largestQuotient.
    private readonly ulong _inverse;
    private readonly ulong _largestQuotient;
    private readonly int _shift;

    /// <summary>A tick size; what is not positive is unknown, and every price is a multiple of it.</summary>
    public TickDivisor(Price tick)
    {
        if (tick.Raw <= 0)
        {
            _inverse = 1;
            _largestQuotient = ulong.MaxValue;
            return;
        }

        _shift = BitOperations.TrailingZeroCount(tick.Raw);
        _largestQuotient = ulong.MaxValue / (ulong)tick.Raw;
        var odd = (ulong)tick.Raw >> _shift;

        // An odd number is its own inverse modulo 8; each step doubles the bits that are right: 3, 6, 12, 24, 48, 96.
        _inverse = odd;
        for (var step = 0; step < 5; step++)
        {
            _inverse *= 2 - (odd * _inverse);
        }
    }

    /// <summary>True if a price is a multiple.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Divides(long price)
    {
        var magnitude = (ulong)(price < 0 ? -price : price);
        return BitOperations.RotateRight(magnitude * _inverse, _shift) <= _largestQuotient;
    }
}

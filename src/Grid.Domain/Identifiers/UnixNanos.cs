using System.Globalization;

namespace Grid.Domain.Identifiers;

/// <summary>A moment: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. Years 1677 to 2262.</summary>
public readonly record struct UnixNanos(long Value) : IComparable<UnixNanos>
{
    /// <summary>Nanoseconds in a second.</summary>
    public const long PerSecond = 1_000_000_000;

    /// <summary>Nanoseconds in a minute.</summary>
    public const long PerMinute = 60 * PerSecond;

    /// <summary>Nanoseconds in a day.</summary>
    public const long PerDay = 86_400 * PerSecond;

    /// <summary>A moment of .NET's clock, which counts 100 ns.</summary>
    public static UnixNanos From(DateTimeOffset time) => new(checked((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100));

    /// <summary>The same moment, cut to .NET's 100 ns.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Math.DivRem(Value, 100).Quotient - (Value % 100 < 0 ? 1 : 0));

    /// <summary>The start of the interval of the given length that holds this moment, counted from 1970; the earliest moment there is where that would lie before it.</summary>
    public UnixNanos Floor(long intervalNs)
    {
        var rest = Value % intervalNs;
        rest = rest < 0 ? rest + intervalNs : rest;
        return new UnixNanos(Value < long.MinValue + rest ? long.MinValue : Value - rest);
    }

    /// <summary>The UTC date.</summary>
    public DateOnly Date => DateOnly.FromDateTime(ToDateTimeOffset().UtcDateTime);

    /// <inheritdoc/>
    public int CompareTo(UnixNanos other) => Value.CompareTo(other.Value);

    /// <summary>Earlier.</summary>
    public static bool operator <(UnixNanos left, UnixNanos right) => left.Value < right.Value;

    /// <summary>Later.</summary>
    public static bool operator >(UnixNanos left, UnixNanos right) => left.Value > right.Value;

    /// <summary>Not later.</summary>
    public static bool operator <=(UnixNanos left, UnixNanos right) => left.Value <= right.Value;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(UnixNanos left, UnixNanos right) => left.Value >= right.Value;

    /// <summary>ISO 8601 in UTC with nine decimals, e.g. <c>2013-10-07T13:30:00.123456789Z</c>.</summary>
    public override string ToString()
    {
        var fraction = Value % PerSecond;
        return ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
            + "." + (fraction < 0 ? fraction + PerSecond : fraction).ToString("D9", CultureInfo.InvariantCulture) + "Z";
    }

    /// <summary>
    /// Reads ISO 8601 with up to nine decimals: <c>2013-10-07</c> (midnight UTC), <c>2013-10-07T13:30:00Z</c>, with a
    /// fraction, with an offset such as <c>-04:00</c>; without a zone it is UTC.
    /// </summary>
    public static bool TryParse(string? text, out UnixNanos value)
    {
        value = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        long fraction = 0;
        var rest = text;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot >= 0)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end]))
            {
                end++;
            }

            var digits = end - dot - 1;
            if (digits is < 1 or > 9 || !IsAfterSeconds(text.AsSpan(0, dot)) || (end < text.Length && text[end] is not ('Z' or '+' or '-')))
            {
                return false;
            }

            fraction = long.Parse(text.AsSpan(dot + 1, digits), CultureInfo.InvariantCulture);
            for (var i = digits; i < 9; i++)
            {
                fraction *= 10;
            }

            rest = string.Concat(text.AsSpan(0, dot), text.AsSpan(end));
        }

        if (!DateTimeOffset.TryParseExact(rest, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            || time.Year is < 1678 or > 2261)
        {
            return false;
        }

        value = new UnixNanos(From(time).Value + fraction);
        return true;
    }

    // A fraction belongs to seconds: hh:mm:ss stands before its point.
    private static bool IsAfterSeconds(ReadOnlySpan<char> text) =>
        text.Length == 19 && text[13] == ':' && text[16] == ':' && text[^2..].IndexOfAnyExceptInRange('0', '9') < 0;

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd HH:mm:ssK",
    ];
}

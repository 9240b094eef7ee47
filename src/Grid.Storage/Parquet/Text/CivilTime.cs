using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Text;

/// <summary>Times as ISO 8601 with nanoseconds, for all that fits a file: years of more than four digits are written with a sign.</summary>
internal static class CivilTime
{
    private const long NanosPerDay = 86_400_000_000_000;

    // The calendar repeats after 400 years of 146,097 days. Counted from 0000-03-01, leap days are the last of their year.
    private const int DaysPerEra = 146_097;
    private const int DaysFromEraTo1970 = 719_468;

    public static string Date(long days)
    {
        var shifted = days + DaysFromEraTo1970;
        var era = Math.DivRem(shifted, DaysPerEra, out var dayOfEra);
        if (dayOfEra < 0)
        {
            (era, dayOfEra) = (era - 1, dayOfEra + DaysPerEra);
        }

        var yearOfEra = (dayOfEra - (dayOfEra / 1_460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var monthFromMarch = ((5 * dayOfYear) + 2) / 153;
        var day = dayOfYear - (((153 * monthFromMarch) + 2) / 5) + 1;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        var year = (era * 400) + yearOfEra + (month <= 2 ? 1 : 0);
        return year is >= 0 and <= 9999 ? $"{year:0000}-{month:00}-{day:00}" : $"{year:+000000;-000000}-{month:00}-{day:00}";
    }

    public static string Time(long value, ParquetTimeUnit unit)
    {
        // A time that is none is shown as the number that it is.
        var perDay = NanosPerDay / Nanos(unit);
        return value >= 0 && value < perDay ? OfDay(value * Nanos(unit)) : value.ToString();
    }

    public static string Timestamp(long value, ParquetTimeUnit unit, bool isUtc)
    {
        var days = Math.DivRem(value, NanosPerDay / Nanos(unit), out var rest);
        return Timestamp(days, rest * Nanos(unit), isUtc);
    }

    public static string Timestamp(long days, long nanosOfDay, bool isUtc)
    {
        days += Math.DivRem(nanosOfDay, NanosPerDay, out var rest);
        if (rest < 0)
        {
            (days, rest) = (days - 1, rest + NanosPerDay);
        }

        return $"{Date(days)}T{OfDay(rest)}{(isUtc ? "Z" : string.Empty)}";
    }

    private static string OfDay(long nanos)
    {
        var seconds = Math.DivRem(nanos, 1_000_000_000, out var fraction);
        return $"{seconds / 3_600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}.{fraction:000000000}";
    }

    private static long Nanos(ParquetTimeUnit unit) => unit switch
    {
        ParquetTimeUnit.Millis => 1_000_000,
        ParquetTimeUnit.Micros => 1_000,
        _ => 1,
    };
}

using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Gateway.Rows;

/// <summary>The text forms of an event's fields that are no plain numbers.</summary>
internal static class EventText
{
    private const int Utf16CharsMax = 64;

    public static bool TryKind(ReadOnlySpan<byte> text, out EventKind kind)
    {
        kind = text switch
        {
            _ when text.SequenceEqual("trade"u8) => EventKind.Trade,
            _ when text.SequenceEqual("quote"u8) => EventKind.Quote,
            _ when text.SequenceEqual("run"u8) => EventKind.Run,
            _ when text.SequenceEqual("cancel"u8) => EventKind.Cancel,
            _ when text.SequenceEqual("correct"u8) => EventKind.Correct,
            _ => EventKind.None,
        };
        return kind != EventKind.None;
    }

    /// <summary>ISO 8601, or nanoseconds since 1970 (a whole number).</summary>
    public static bool TryTime(ReadOnlySpan<byte> text, out UnixNanos time)
    {
        if (Utf8Parser.TryParse(text, out long ns, out var used) && used == text.Length)
        {
            time = new UnixNanos(ns);
            return true;
        }

        if (TryUtcTime(text, out time))
        {
            return true;
        }

        return text.Length <= Utf16CharsMax && UnixNanos.TryParse(Encoding.ASCII.GetString(text), out time);
    }

    /// <summary>A date as yyyymmdd or yyyy-mm-dd, or a number.</summary>
    public static bool TrySession(ReadOnlySpan<byte> text, out uint session)
    {
        if (Utf8Parser.TryParse(text, out session, out var used) && used == text.Length)
        {
            return true;
        }

        if (text.Length == 10
            && DateOnly.TryParseExact(Encoding.ASCII.GetString(text), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            session = (uint)((date.Year * 10_000) + (date.Month * 100) + date.Day);
            return true;
        }

        return false;
    }

    /// <summary>A number, or hexadecimal after 0x.</summary>
    public static bool TryConditions(ReadOnlySpan<byte> text, out uint conditions)
    {
        var isHex = text.StartsWith("0x"u8) || text.StartsWith("0X"u8);
        var digits = isHex ? text[2..] : text;
        return Utf8Parser.TryParse(digits, out conditions, out var used, isHex ? 'X' : 'D') && used == digits.Length && used > 0;
    }

    /// <summary>Words with | between.</summary>
    public static bool TryFlags(ReadOnlySpan<byte> text, out EventFlags flags)
    {
        flags = EventFlags.None;
        foreach (var range in text.Split((byte)'|'))
        {
            var word = text[range];
            var flag = word switch
            {
                _ when word.SequenceEqual("suspicious"u8) => EventFlags.Suspicious,
                _ when word.SequenceEqual("bid_cleared"u8) => EventFlags.BidCleared,
                _ when word.SequenceEqual("ask_cleared"u8) => EventFlags.AskCleared,
                _ => EventFlags.None,
            };
            if (flag == EventFlags.None)
            {
                return false;
            }

            flags |= flag;
        }

        return true;
    }

    // The form that Grid itself writes, 2013-10-07T13:30:00[.123456789]Z, without making a string.
    private static bool TryUtcTime(ReadOnlySpan<byte> text, out UnixNanos time)
    {
        time = default;
        if (text.Length is not (20 or (>= 22 and <= 30)) || text[^1] != 'Z' || text[10] != 'T'
            || !Utf8Parser.TryParse(text[..19], out DateTime second, out var used, 'O') || used != 19)
        {
            return false;
        }

        long fraction = 0;
        if (text.Length > 20)
        {
            if (text[19] != '.' || !FixedPoint.TryParse(text[19..^1], 9, out fraction))
            {
                return false;
            }
        }

        time = new UnixNanos(UnixNanos.From(new DateTimeOffset(second.Ticks, TimeSpan.Zero)).Value + fraction);
        return true;
    }
}

using System.Buffers.Text;
using System.Text;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Cli.Feeds;

/// <summary>
/// Parses the rows of one tick file. Trade: <c>ms,price,size,exchange,conditions,suspicious</c>, or its first three columns.
/// Quote: <c>ms,bid,bid size,ask,ask size,exchange,conditions,suspicious</c>, or <c>ms,bid,ask</c>.
/// </summary>
internal sealed class LeanRow
{
    private const int MsToNsScale = 6;
    private const int PlainScale = Price.Scale;
    private const int DeciCentScale = Price.Scale - 4;
    private const int FastDigitsMax = 18;
    private const int PlainColumns = 3;
    private const string ExactNumber = "a number that can be held exactly";

    private static readonly long[] PowersOfTen = [.. Enumerable.Range(0, 10).Select(i => (long)Math.Pow(10, i))];

    private readonly LeanEntry _entry;
    private readonly NameNumbering _numbering;
    private readonly LocalDay _day;
    private readonly int _priceScale;
    private readonly int _columns;
    private readonly MarketEvent _template;

    // _letterVenues[c] is the number of the one-letter venue c, 0 if it was not met yet.
    private readonly ushort[] _letterVenues = new ushort[128];

    public LeanRow(LeanEntry entry, SourceId source, NameNumbering numbering)
    {
        _entry = entry;
        _numbering = numbering;
        _day = new LocalDay(entry.Date, ZoneOf(entry.Layout));
        _priceScale = entry.Layout == LeanLayout.Equity ? DeciCentScale : PlainScale;
        _columns = entry.Kind == EventKind.Trade ? 6 : 8;
        var kind = entry.Kind == EventKind.Trade ? "trade" : "quote";
        _template = new MarketEvent
        {
            Kind = entry.Kind,
            Source = source,
            Instrument = new InstrumentId((uint)numbering(NameKind.Instrument, Encoding.UTF8.GetBytes(entry.Symbol))),
            Channel = new ChannelId((uint)numbering(NameKind.Channel, Encoding.UTF8.GetBytes($"{kind}.{entry.Symbol}"))),
            Session = (uint)((entry.Date.Year * 10_000) + (entry.Date.Month * 100) + entry.Date.Day),
        };
    }

    /// <summary>Parses a line; gives null, or the reason why it is malformed.</summary>
    public string? Parse(ReadOnlySpan<byte> line, long number, ref MarketEvent e)
    {
        var columns = line.Count((byte)',') + 1;
        if (columns != _columns && (columns != PlainColumns || _entry.Layout == LeanLayout.Equity))
        {
            return $"the row has {columns} columns, not {_columns}";
        }

        e = _template;
        e.Sequence = (ulong)number;
        var rest = line;
        var text = Next(ref rest);
        if (!TryScaled(text, MsToNsScale, out var sinceMidnightNs) || (ulong)sinceMidnightNs >= (ulong)UnixNanos.PerDay)
        {
            return Wrong("time", text, "milliseconds since midnight, less than a day");
        }

        e.EventTime = _day.ToUtc(sinceMidnightNs);
        return _entry.Kind == EventKind.Trade ? ParseTrade(rest, ref e) : ParseQuote(rest, columns != PlainColumns, ref e);
    }

    private string? ParseTrade(ReadOnlySpan<byte> rest, ref MarketEvent e)
    {
        var text = Next(ref rest);
        if (!TryScaled(text, _priceScale, out e.F0))
        {
            return Wrong("price", text, ExactNumber);
        }

        text = Next(ref rest);
        return TryScaled(text, Quantity.Scale, out e.F1) ? ParseMarks(rest, ref e) : Wrong("size", text, ExactNumber);
    }

    private string? ParseQuote(ReadOnlySpan<byte> rest, bool hasSizes, ref MarketEvent e)
    {
        var text = Next(ref rest);
        if (!TryScaled(text, _priceScale, out e.F0))
        {
            return Wrong("bid", text, ExactNumber);
        }

        if (hasSizes && !TryScaled(text = Next(ref rest), Quantity.Scale, out e.F1))
        {
            return Wrong("bid size", text, ExactNumber);
        }

        text = Next(ref rest);
        if (!TryScaled(text, _priceScale, out e.F2))
        {
            return Wrong("ask", text, ExactNumber);
        }

        if (hasSizes && !TryScaled(text = Next(ref rest), Quantity.Scale, out e.F3))
        {
            return Wrong("ask size", text, ExactNumber);
        }

        KeepSidesWithPrice(ref e);
        return ParseMarks(rest, ref e);
    }

    // A price of zero says that the row is not about that side.
    private static void KeepSidesWithPrice(ref MarketEvent e)
    {
        if (e.F0 != 0)
        {
            e.Flags |= EventFlags.BidSet;
        }
        else
        {
            e.F1 = 0;
        }

        if (e.F2 != 0)
        {
            e.Flags |= EventFlags.AskSet;
        }
        else
        {
            e.F3 = 0;
        }
    }

    private string? ParseMarks(ReadOnlySpan<byte> rest, ref MarketEvent e)
    {
        var text = Next(ref rest);
        if (!text.IsEmpty)
        {
            try
            {
                e.Venue = VenueOf(text);
            }
            catch (ArgumentException broken)
            {
                return broken.Message;
            }
        }

        text = Next(ref rest);
        if (!text.IsEmpty && (!Utf8Parser.TryParse(text, out e.Conditions, out var used, 'X') || used != text.Length))
        {
            return Wrong("conditions", text, "hexadecimal digits of 32 bits");
        }

        text = Next(ref rest);
        e.Flags |= text is [(byte)'1'] ? EventFlags.Suspicious : EventFlags.None;
        return text is [] or [(byte)'0'] or [(byte)'1'] ? null : Wrong("suspicious", text, "0 or 1");
    }

    private VenueId VenueOf(ReadOnlySpan<byte> name)
    {
        if (name.Length > 1 || name[0] >= _letterVenues.Length)
        {
            return new VenueId(checked((ushort)_numbering(NameKind.Venue, name)));
        }

        ref var number = ref _letterVenues[name[0]];
        if (number == 0)
        {
            number = checked((ushort)_numbering(NameKind.Venue, name));
        }

        return new VenueId(number);
    }

    // Futures and forex are in UTC: the gold file pauses from 21:15 to 22:00, which is 17:15 in New York, and forex opens its
    // week on Sunday at 21:00.
    private static TimeZoneInfo ZoneOf(LeanLayout layout) =>
        layout == LeanLayout.Equity ? TimeZoneInfo.FindSystemTimeZoneById("America/New_York") : TimeZoneInfo.Utc;

    private static string Wrong(string column, ReadOnlySpan<byte> text, string rule) =>
        $"{column} '{Encoding.Latin1.GetString(text[..Math.Min(text.Length, 64)])}' is not {rule}";

    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> rest)
    {
        var comma = rest.IndexOf((byte)',');
        var field = comma < 0 ? rest : rest[..comma];
        rest = comma < 0 ? default : rest[(comma + 1)..];
        return field;
    }

    // Most numbers are a few digits; the others take the general way.
    private static bool TryScaled(ReadOnlySpan<byte> text, int scale, out long value)
    {
        value = 0;
        if (text.Length + scale > FastDigitsMax || text.IsEmpty)
        {
            return FixedPoint.TryParse(text, scale, out value);
        }

        foreach (var c in text)
        {
            var digit = (uint)(c - '0');
            if (digit > 9)
            {
                return FixedPoint.TryParse(text, scale, out value);
            }

            value = (value * 10) + digit;
        }

        value *= PowersOfTen[scale];
        return true;
    }
}

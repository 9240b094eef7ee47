using System.Buffers.Text;
using System.Text;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Gateway.Rows;

/// <summary>
/// One event in the making: fields are set by column from their text, then it is finished, which checks that they belong
/// together. Every fault is told as one clause.
/// </summary>
public sealed class EventRow(string defaultSource, NameNumbering numbering)
{
    private readonly byte[] _defaultSource = Encoding.UTF8.GetBytes(defaultSource);

    // Bit c of _present is set if column c has a value.
    private uint _present;
    private MarketEvent _event;
    private Cusip _cusip;
    private Cusip _benchmark;
    private long _bidSpread;
    private long _askSpread;
    private long _bidYield;
    private long _askYield;
    private ulong _amends;

    // The day whose session is known; none while the session is 0.
    private long _dayStartNs;
    private uint _daySession;

    /// <summary>The event; complete after <see cref="Finish"/>.</summary>
    public ref readonly MarketEvent Event => ref _event;

    /// <summary>The wider part of a run.</summary>
    public RunDetail Run => new(_cusip, _bidSpread, _askSpread, _bidYield, _askYield, _benchmark);

    /// <summary>Sets the time from a number.</summary>
    public void SetTime(UnixNanos time)
    {
        _present |= 1u << (int)EventColumn.Time;
        _event.EventTime = time;
    }

    /// <summary>Sets what kind of event it is.</summary>
    public void SetKind(EventKind kind)
    {
        _present |= 1u << (int)EventColumn.Kind;
        _event.Kind = kind;
    }

    /// <summary>Adds marks.</summary>
    public void AddFlags(EventFlags flags) => _event.Flags |= flags;

    /// <summary>True if the column has a value.</summary>
    public bool Has(EventColumn column) => (_present & (1u << (int)column)) != 0;

    /// <summary>Begins the next event.</summary>
    public void Clear()
    {
        _present = 0;
        _event = default;
        _cusip = _benchmark = default;
        _bidSpread = _askSpread = _bidYield = _askYield = RunDetail.Absent;
    }

    /// <summary>Sets a column from its text, which if empty is absent; gives null or what is wrong.</summary>
    public RowFault? Set(EventColumn column, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return null;
        }

        if (Has(column))
        {
            return new RowFault($"{EventColumns.Names[(int)column]} is given twice", EventColumns.Names[(int)column]);
        }

        if (column is EventColumn.Instrument or EventColumn.Source or EventColumn.Channel or EventColumn.Venue && !NameRules.IsValid(text))
        {
            return BrokenName(column, text, NameRules.Explain(text));
        }

        _present |= 1u << (int)column;
        try
        {
            return TrySet(column, text, out var rule) ? null
                : RowFault.NotA(EventColumns.Names[(int)column], text, rule);
        }
        catch (ArgumentException brokenName)
        {
            return BrokenName(column, text, brokenName.Message);
        }
    }

    /// <summary>Completes the event with what follows from its fields; gives null or what is wrong.</summary>
    public RowFault? Finish()
    {
        if (_event.Kind == EventKind.None)
        {
            _event.Kind = Has(EventColumn.Price) ? EventKind.Trade : EventKind.Quote;
        }

        if (!Has(EventColumn.Time))
        {
            return new RowFault("time is missing", "time");
        }

        var fault = _event.Kind switch
        {
            EventKind.Trade => FinishTrade(),
            EventKind.Quote => FinishQuote(),
            EventKind.Run => FinishRun(),
            _ => FinishAmendment(),
        };
        if (fault is null && !Has(EventColumn.Instrument))
        {
            fault = new RowFault("instrument is missing", "instrument");
        }

        if (!Has(EventColumn.Source))
        {
            _event.Source = new SourceId((ushort)numbering(NameKind.Source, _defaultSource));
        }

        if (!Has(EventColumn.Session))
        {
            _event.Session = SessionOf(_event.EventTime);
        }

        return fault;
    }

    // The UTC date, which is the same for most rows.
    private uint SessionOf(UnixNanos time)
    {
        if (_daySession == 0 || (ulong)(time.Value - _dayStartNs) >= UnixNanos.PerDay)
        {
            _dayStartNs = time.Floor(UnixNanos.PerDay).Value;
            var date = time.Date;
            _daySession = (uint)((date.Year * 10_000) + (date.Month * 100) + date.Day);
        }

        return _daySession;
    }

    private RowFault? FinishTrade() => Misplaced(EventColumn.Bid, EventColumn.BidSize, EventColumn.Ask, EventColumn.AskSize)
        ?? Missing(EventColumn.Price, EventColumn.Size);

    private RowFault? FinishQuote()
    {
        if (Has(EventColumn.BidSize) && !Has(EventColumn.Bid))
        {
            return new RowFault("bid_size has no bid", "bid_size");
        }

        if (Has(EventColumn.AskSize) && !Has(EventColumn.Ask))
        {
            return new RowFault("ask_size has no ask", "ask_size");
        }

        if ((Has(EventColumn.Bid) && _event.Has(EventFlags.BidCleared)) || (Has(EventColumn.Ask) && _event.Has(EventFlags.AskCleared)))
        {
            return new RowFault("a side is set and cleared at once", "flags");
        }

        _event.Flags |= (Has(EventColumn.Bid) ? EventFlags.BidSet : EventFlags.None) | (Has(EventColumn.Ask) ? EventFlags.AskSet : EventFlags.None);
        var changes = EventFlags.BidSet | EventFlags.AskSet | EventFlags.BidCleared | EventFlags.AskCleared;
        return Misplaced(EventColumn.Price, EventColumn.Size) ?? (_event.Has(changes) ? null : new RowFault("neither bid nor ask is given or cleared"));
    }

    private RowFault? FinishRun()
    {
        var fault = Missing(EventColumn.Cusip) ?? FinishQuote();
        if (fault is null && !Has(EventColumn.Instrument))
        {
            Span<byte> symbol = stackalloc byte[Cusip.Length];
            _cusip.Write(symbol);
            fault = Set(EventColumn.Instrument, symbol);
        }

        return fault;
    }

    private RowFault? FinishAmendment()
    {
        _event.F3 = (long)_amends;
        return Missing(EventColumn.Amends)
            ?? (_event.Kind == EventKind.Correct ? Missing(EventColumn.Price, EventColumn.Size) : Misplaced(EventColumn.Price, EventColumn.Size))
            ?? Misplaced(EventColumn.Bid, EventColumn.BidSize, EventColumn.Ask, EventColumn.AskSize);
    }

    private static RowFault BrokenName(EventColumn column, ReadOnlySpan<byte> text, string message) =>
        new($"{EventColumns.Names[(int)column]}: {message}", EventColumns.Names[(int)column], RowFault.Shown(text), "a name of 1 to 64 printable ASCII bytes without spaces");

    private RowFault? Missing(params ReadOnlySpan<EventColumn> columns)
    {
        foreach (var column in columns)
        {
            if (!Has(column))
            {
                return new RowFault($"a {KindName} has no {EventColumns.Names[(int)column]}", EventColumns.Names[(int)column]);
            }
        }

        return null;
    }

    private RowFault? Misplaced(params ReadOnlySpan<EventColumn> columns)
    {
        foreach (var column in columns)
        {
            if (Has(column))
            {
                return new RowFault($"a {KindName} has no {EventColumns.Names[(int)column]}, but it is given", EventColumns.Names[(int)column]);
            }
        }

        return null;
    }

    private string KindName => _event.Kind.ToString().ToLowerInvariant();

    private bool TrySet(EventColumn column, ReadOnlySpan<byte> text, out string rule)
    {
        rule = "a number that can be held exactly";
        switch (column)
        {
            case EventColumn.Price or EventColumn.Bid:
                return FixedPoint.TryParse(text, Price.Scale, out _event.F0);
            case EventColumn.Size or EventColumn.BidSize:
                return FixedPoint.TryParse(text, Quantity.Scale, out _event.F1);
            case EventColumn.Ask:
                return FixedPoint.TryParse(text, Price.Scale, out _event.F2);
            case EventColumn.AskSize:
                return FixedPoint.TryParse(text, Quantity.Scale, out _event.F3);
            case EventColumn.BidSpread:
                return FixedPoint.TryParse(text, Price.Scale, out _bidSpread);
            case EventColumn.AskSpread:
                return FixedPoint.TryParse(text, Price.Scale, out _askSpread);
            case EventColumn.BidYield:
                return FixedPoint.TryParse(text, Price.Scale, out _bidYield);
            case EventColumn.AskYield:
                return FixedPoint.TryParse(text, Price.Scale, out _askYield);
            case EventColumn.Cusip:
                rule = "a CUSIP with a right check digit";
                return Cusip.TryParse(text, out _cusip);
            case EventColumn.Benchmark:
                rule = "a CUSIP with a right check digit";
                return Cusip.TryParse(text, out _benchmark);
            default:
                return TrySetContext(column, text, out rule);
        }
    }

    private bool TrySetContext(EventColumn column, ReadOnlySpan<byte> text, out string rule)
    {
        rule = "a whole number";
        switch (column)
        {
            case EventColumn.Instrument:
                _event.Instrument = new InstrumentId((uint)numbering(NameKind.Instrument, text));
                return true;
            case EventColumn.Source:
                _event.Source = new SourceId(checked((ushort)numbering(NameKind.Source, text)));
                return true;
            case EventColumn.Channel:
                _event.Channel = new ChannelId((uint)numbering(NameKind.Channel, text));
                return true;
            case EventColumn.Venue:
                _event.Venue = new VenueId(checked((ushort)numbering(NameKind.Venue, text)));
                return true;
            case EventColumn.Sequence:
                return Utf8Parser.TryParse(text, out _event.Sequence, out var used) && used == text.Length;
            case EventColumn.Amends:
                return Utf8Parser.TryParse(text, out _amends, out used) && used == text.Length;
            case EventColumn.Kind:
                rule = "trade, quote, run, cancel or correct";
                return EventText.TryKind(text, out _event.Kind);
            case EventColumn.Time:
                rule = "ISO 8601 or nanoseconds since 1970";
                return EventText.TryTime(text, out _event.EventTime);
            case EventColumn.Session:
                rule = "a date or a number of 32 bits";
                return EventText.TrySession(text, out _event.Session);
            case EventColumn.Conditions:
                rule = "32 bits as a number, or hexadecimal after 0x";
                return EventText.TryConditions(text, out _event.Conditions);
            default:
                rule = "suspicious, bid_cleared or ask_cleared, with | between";
                return EventText.TryFlags(text, out _event.Flags);
        }
    }
}

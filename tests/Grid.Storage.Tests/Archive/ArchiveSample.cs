using System.Text;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Archive;

namespace Grid.Storage.Tests.Archive;

/// <summary>Random rows of all kinds, with what is unusual among them.</summary>
internal sealed class ArchiveSample
{
    // 2024-03-01T00:00:00Z.
    private const long Midnight = 1_709_251_200 * UnixNanos.PerSecond;
    private static readonly string[] Symbols = ["ZZ", "AAPL", "A", "EUR/USD", "B\"\\'", "~"];
    private readonly Random _random;
    private ulong _lsn;

    public ArchiveSample(int seed)
    {
        _random = new Random(seed);
        foreach (var symbol in Symbols)
        {
            Names.Instruments.GetOrAdd(symbol);
        }

        Names.Sources.GetOrAdd("one");
        Names.Sources.GetOrAdd("another");
        Names.Venues.GetOrAdd("N");
        Names.Channels.GetOrAdd("left");
    }

    public GridNames Names { get; } = new();

    /// <summary>What follows, of so many inputs of so many events; the rows are what must come out.</summary>
    public ArchiveBatch Next(int inputs, int events, List<ArchiveRow> rows)
    {
        var batch = new ArchiveBatch(Names);
        for (var input = 0; input < inputs; input++)
        {
            for (var i = 0; i < events; i++)
            {
                var row = Row();
                if (ArchiveKinds.Of(row.Event, row.Outcome) is { } kind)
                {
                    batch.Add(kind, row);
                    rows.Add(row);
                }
            }

            batch.EndInput(_lsn += 2, events);
        }

        return batch;
    }

    private ArchiveRow Row()
    {
        var kind = _random.Next(10) < 6 ? EventKind.Trade : (EventKind)_random.Next((int)EventKind.Trade, (int)EventKind.Definition + 1);
        var e = new MarketEvent
        {
            Kind = kind,
            Source = new SourceId((ushort)_random.Next(1, 3)),
            Instrument = new InstrumentId((uint)_random.Next(1, Symbols.Length + 1)),
            Venue = new VenueId((ushort)_random.Next(2)),
            Channel = new ChannelId((uint)_random.Next(2)),
            Session = 20240301,
            Sequence = (ulong)_random.NextInt64(1, long.MaxValue) * 2,
            Conditions = (uint)_random.Next(),
            EventTime = new UnixNanos(Midnight + _random.NextInt64(-UnixNanos.PerDay, UnixNanos.PerDay)),
            ReceiveTime = new UnixNanos(Midnight),
            Flags = _random.Next(20) == 0 ? EventFlags.Suspicious : EventFlags.None,
        };
        SetFields(ref e);
        var outcome = _random.Next(20) switch
        {
            0 => Outcome.Reject(RejectReason.PriceBand),
            1 => Outcome.Flag(RejectReason.Crossed),
            2 => Outcome.Duplicate,
            _ => Outcome.Accepted,
        };
        return new ArchiveRow(e, outcome, DetailOf(kind, outcome));
    }

    private void SetFields(ref MarketEvent e)
    {
        switch (e.Kind)
        {
            case EventKind.Trade or EventKind.Correct:
                (e.F0, e.F1, e.F3) = (Raw(), Raw(), e.Kind == EventKind.Correct ? 42 : 0);
                break;
            case EventKind.Cancel:
                e.F3 = -1;
                break;
            case EventKind.Quote or EventKind.Run:
                switch (_random.Next(3))
                {
                    case 0:
                        e.Flags |= EventFlags.BidSet;
                        (e.F0, e.F1) = (Raw(), 100);
                        break;
                    case 1:
                        e.Flags |= EventFlags.BidSet | EventFlags.AskSet;
                        (e.F0, e.F1, e.F2, e.F3) = (Raw(), 100, Raw(), 200);
                        break;
                    default:
                        e.Flags |= EventFlags.BidCleared | EventFlags.AskCleared;
                        break;
                }

                break;
        }
    }

    private long Raw() => _random.Next(50) switch
    {
        0 => long.MaxValue,
        1 => long.MinValue,
        2 => 0,
        _ => _random.NextInt64(-100, 1_000) * Price.One / 100,
    };

    private ArchiveDetail? DetailOf(EventKind kind, Outcome outcome)
    {
        var producer = outcome.Disposition == Disposition.Rejected ? "producer-1" : null;
        Assert.True(Cusip.TryParse("912828XG0"u8, out var cusip));
        return kind switch
        {
            EventKind.Run => new ArchiveDetail(producer, Run: new RunDetail(cusip, 25 * Price.One, RunDetail.Absent, RunDetail.Absent, 4 * Price.One, default)),
            EventKind.Definition => new ArchiveDetail(producer, Definition: new InstrumentDefinition { Class = "bond", Currency = "USD", Cusip = cusip, ValidFrom = new UnixNanos(Midnight) }),
            _ => producer is null ? null : new ArchiveDetail(producer),
        };
    }

    /// <summary>A row as text, as <see cref="ArchiveText.Of"/> reads it from a file.</summary>
    public string Text(in ArchiveRow row)
    {
        var e = row.Event;
        var text = new StringBuilder();
        Add("instrument", Names.Symbol(e.Instrument));
        Add("time", e.EventTime.Value.ToString());
        if (ArchiveKinds.Of(e, row.Outcome) is ArchiveKind.Amendment or ArchiveKind.Quarantine)
        {
            Add("kind", e.Kind.ToString().ToLowerInvariant());
        }

        Add("source", Names.Sources.Text(e.Source.Value));
        Add("channel", Names.Channels.Text((int)e.Channel.Value));
        Add("venue", Names.Venues.Text(e.Venue.Value));
        Add("session", e.Session.ToString());
        Add("sequence", e.Sequence.ToString());
        Add("amends", e.Kind is EventKind.Cancel or EventKind.Correct ? ((ulong)e.F3).ToString() : "");
        var (hasPrice, hasBid, hasAsk) = (e.Kind is EventKind.Trade or EventKind.Correct, e.Has(EventFlags.BidSet), e.Has(EventFlags.AskSet));
        Add("price", hasPrice ? ((Int128)e.F0).ToString() : "");
        Add("size", hasPrice ? ((Int128)e.F1 * 10).ToString() : "");
        Add("bid", hasBid ? ((Int128)e.F0).ToString() : "");
        Add("bid_size", hasBid ? ((Int128)e.F1 * 10).ToString() : "");
        Add("ask", hasAsk ? ((Int128)e.F2).ToString() : "");
        Add("ask_size", hasAsk ? ((Int128)e.F3 * 10).ToString() : "");
        Add("bid_cleared", e.Has(EventFlags.BidCleared) ? "1" : "");
        Add("ask_cleared", e.Has(EventFlags.AskCleared) ? "1" : "");
        Add("cusip", (row.Detail?.Run?.Cusip ?? row.Detail?.Definition?.Cusip)?.ToString() ?? "");
        Add("bid_spread", row.Detail?.Run?.BidSpread.ToString() ?? "");
        Add("ask_yield", row.Detail?.Run?.AskYield.ToString() ?? "");
        Add("class", row.Detail?.Definition?.Class ?? "");
        Add("tick_size", row.Detail?.Definition?.TickSize.Raw.ToString() ?? "");
        Add("lot_size", row.Detail?.Definition?.LotSize.Raw.ToString() ?? "");
        Add("currency", row.Detail?.Definition?.Currency ?? "");
        Add("valid_from", row.Detail?.Definition?.ValidFrom.Value.ToString() ?? "");
        Add("conditions", e.Conditions.ToString());
        Add("suspicious", e.Has(EventFlags.Suspicious) ? "1" : "");
        Add("reason", row.Outcome.Reason == RejectReason.None ? "" : row.Outcome.Reason.ToString());
        Add("producer", row.Detail?.Producer ?? "");
        Add("received", e.ReceiveTime.Value.ToString());
        return text.ToString();

        void Add(string name, string value) => _ = value.Length == 0 ? text : text.Append(name).Append('=').Append(value).Append(' ');
    }
}

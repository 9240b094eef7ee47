using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Queries;

/// <summary>
/// Bars shorter than a minute, made of the ticks while they are read. Holds the first intervals that may be asked for and
/// the newest sides of each source in them, however many ticks there are.
/// </summary>
internal sealed class ShortBars(
    long intervalNs, UnixNanos from, UnixNanos to, long intervalsMax, InstrumentContext context, Amendments? amendments) : TickVisitor(from, to)
{
    private readonly SortedSet<long> _starts = [];
    private readonly Dictionary<long, BarAccumulator> _trades = [];
    private readonly Dictionary<long, List<QuoteMark>> _marks = [];

    /// <summary>The trades, one accumulator for each interval.</summary>
    public IEnumerable<BarAccumulator> Trades => _trades.Values;

    /// <summary>The quotes, one mark for each interval and source.</summary>
    public IEnumerable<QuoteMark> Marks => _marks.Values.SelectMany(m => m);

    public override void Visit(in MarketEvent e, Outcome outcome)
    {
        var start = e.EventTime.Floor(intervalNs);
        switch (e.Kind)
        {
            case EventKind.Trade:
                AddTrade(start, e);
                break;
            case EventKind.Quote or EventKind.Run when SourceQuote.Of(in e) is { IsAny: true } quote:
                AddQuote(start, in quote);
                break;
        }
    }

    private void AddTrade(UnixNanos start, MarketEvent trade)
    {
        var counts = context.Counts(in trade);
        if (counts == CountsFor.None || (amendments is not null && !amendments.TryAmend(ref trade)))
        {
            return;
        }

        var bar = _trades.GetValueOrDefault(start.Value, BarAccumulator.From(start));
        bar.Add(in trade, counts, context.Order);
        _trades[start.Value] = bar;
        Keep(start.Value);
    }

    private void AddQuote(UnixNanos start, in SourceQuote quote)
    {
        if (!_marks.TryGetValue(start.Value, out var marks))
        {
            _marks[start.Value] = marks = new List<QuoteMark>(1);
        }

        var source = quote.Source;
        var at = marks.FindIndex(m => m.Quote.Source == source);
        if (at < 0)
        {
            marks.Add(new QuoteMark { Start = start, Quote = quote });
        }
        else
        {
            var mark = marks[at];
            mark.Quote.Merge(in quote);
            marks[at] = mark;
        }

        Keep(start.Value);
    }

    private void Keep(long start)
    {
        _starts.Add(start);
        if (_starts.Count > intervalsMax)
        {
            var last = _starts.Max;
            _starts.Remove(last);
            _trades.Remove(last);
            _marks.Remove(last);
            To = new UnixNanos(Math.Min(To.Value, last));
        }
    }
}

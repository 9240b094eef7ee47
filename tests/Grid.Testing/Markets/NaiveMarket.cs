using System.Globalization;
using System.Numerics;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Testing;

/// <summary>
/// What a market must be once all of its events have come, worked out the slow way from the whole set: nothing is kept up to
/// date, so nothing depends on an order of arrival. Written from the design, independently of the state that it checks.
/// </summary>
internal sealed class NaiveMarket
{
    private readonly MarketNames _names;
    private readonly RuleBook _rules;
    private readonly List<MarketLine> _accepted;

    /// <summary>The market of a set of events; repeats of one event count once where its source's policy tells them.</summary>
    public NaiveMarket(MarketNames names, IEnumerable<MarketLine> lines, RuleBook? rules = null)
    {
        _names = names;
        _rules = rules ?? RuleBook.BuiltIn;
        _accepted = [.. lines.Where(l => l.IsGood).Select((line, i) => (line, i)).GroupBy(p => IdentityOf(p.line, p.i)).Select(g => g.First().line)];
    }

    /// <summary>Each instrument's market, in the order of their symbols.</summary>
    public List<string> Picture() =>
    [
        .. _accepted.GroupBy(l => l.Event.Instrument)
            .OrderBy(g => _names.Symbol(g.Key), StringComparer.Ordinal)
            .SelectMany(g => Instrument(_names.Symbol(g.Key), [.. g.Select(l => l.Event)], DefinitionsOf(g))),
    ];

    /// <summary>The numbers that contiguous sources left out, as <c>source channel session first-last</c>.</summary>
    public static List<string> Gaps(MarketNames names, IEnumerable<MarketLine> lines)
    {
        var gaps = new List<string>();
        foreach (var domain in lines.Select(l => l.Event)
            .Where(e => names.DeclarationOf(in e).IsContiguous && e.Sequence > 0)
            .GroupBy(e => SequenceDomain.Of(in e)))
        {
            var seen = domain.Select(e => e.Sequence).Distinct().Order().ToList();
            gaps.AddRange(seen.Zip(seen.Skip(1)).Where(p => p.Second - p.First > 1)
                .Select(p => $"{names.Source(domain.Key.Source)} {domain.Key.Channel.Value} {domain.Key.Session} {p.First + 1}-{p.Second - 1}"));
        }

        gaps.Sort(StringComparer.Ordinal);
        return gaps;
    }

    // What makes two deliveries one event: the number, for the policy content the content, else nothing but being one line.
    private object IdentityOf(MarketLine line, int index)
    {
        var e = line.Event;
        return _names.DeclarationOf(in e).Policy switch
        {
            DedupPolicy.Sequence => (SequenceDomain.Of(in e), e.Instrument, e.Sequence),
            DedupPolicy.Content => (e.Instrument, e.EventTime, e.Kind, e.Flags, e.F0, e.F1, e.F2, e.F3),
            _ => index,
        };
    }

    // Newest first.
    private List<InstrumentDefinition> DefinitionsOf(IEnumerable<MarketLine> lines) =>
    [
        .. lines.Where(l => l.Definition is not null)
            .OrderByDescending(l => l.Event.EventTime.Value).ThenByDescending(l => _names.Source(l.Event.Source), StringComparer.Ordinal)
            .ThenByDescending(l => l.Event.Session).ThenByDescending(l => l.Event.Sequence).Select(l => l.Definition!),
    ];

    // A trade belongs to the date of its minute's start, by the calendar of the definition that is valid then.
    private uint DateOf(MarketEvent trade, List<InstrumentDefinition> definitions)
    {
        var start = trade.EventTime.Floor(UnixNanos.PerMinute);
        var calendar = definitions.Find(d => d.ValidFrom <= start && start < d.ValidTo)?.Calendar;
        return _rules.FindCalendar(calendar ?? "")?.DateOf(start) ?? UtcDate(start);
    }

    private IEnumerable<string> Instrument(string symbol, List<MarketEvent> events, List<InstrumentDefinition> definitions)
    {
        var trades = EffectiveTrades(events);
        var quotes = events.Where(e => e.Kind is EventKind.Quote or EventKind.Run).ToList();
        var lasts = InOrder(trades.Where(t => !HasCondition(t, s => s.NotLastConditions)));
        yield return MarketPicture.Last(symbol, lasts.Count == 0 ? null : lasts[^1], _names);
        yield return MarketPicture.Side(symbol, "bid", Best(quotes, isBid: true));
        yield return MarketPicture.Side(symbol, "ask", Best(quotes, isBid: false));

        var day = trades.Where(Counts).GroupBy(t => DateOf(t, definitions)).MaxBy(g => g.Key);
        yield return MarketPicture.Prints(symbol, $"day {day?.Key ?? 0}", day is null ? default : Sum([.. day]));

        static long MinuteOf(MarketEvent e) => e.EventTime.Floor(UnixNanos.PerMinute).Value;
        var minutes = trades.Where(Counts).Concat(quotes.Where(q => q.Flags != EventFlags.None)).Select(MinuteOf).Distinct().Order();
        foreach (var minute in minutes)
        {
            var sum = Sum([.. trades.Where(t => MinuteOf(t) == minute)]);
            var known = quotes.Where(q => MinuteOf(q) <= minute).ToList();
            yield return MarketPicture.Prints(symbol, $"minute {new UnixNanos(minute)}", sum)
                + MarketPicture.Side("", " bid", Best(known, isBid: true)) + MarketPicture.Side("", " ask", Best(known, isBid: false));
        }
    }

    // A trade counts as the amendment with the highest number says that reaches it, over any chain of amendments.
    private static List<MarketEvent> EffectiveTrades(List<MarketEvent> events)
    {
        var amendments = events.Where(e => e.Kind is EventKind.Cancel or EventKind.Correct).ToList();
        var effective = new List<MarketEvent>();
        foreach (var trade in events.Where(e => e.Kind == EventKind.Trade))
        {
            var reached = new HashSet<ulong> { trade.Sequence };
            var hits = new List<MarketEvent>();
            while (amendments.Find(a => SequenceDomain.Of(in a) == SequenceDomain.Of(in trade)
                && trade.Sequence != 0 && reached.Contains(a.AmendedSequence) && !reached.Contains(a.Sequence)) is { Kind: not EventKind.None } hit)
            {
                reached.Add(hit.Sequence);
                hits.Add(hit);
            }

            var holds = hits.Count == 0 ? trade : hits.MaxBy(a => a.Sequence);
            if (holds.Kind != EventKind.Cancel)
            {
                effective.Add(trade with { F0 = holds.F0, F1 = holds.F1 });
            }
        }

        return effective;
    }

    private PrintSum Sum(List<MarketEvent> trades)
    {
        var volumes = trades.Where(t => !HasCondition(t, s => s.NotVolumeConditions)).ToList();
        var prices = InOrder(trades.Where(t => !HasCondition(t, s => s.NotLastConditions)));
        var range = trades.Where(t => !HasCondition(t, s => s.NotHighLowConditions)).Select(t => t.F0).ToList();
        long low = range.Count > 0 ? range.Min() : prices.Count > 0 ? Math.Min(prices[0].F0, prices[^1].F0) : 0;
        long high = range.Count > 0 ? range.Max() : prices.Count > 0 ? Math.Max(prices[0].F0, prices[^1].F0) : 0;
        return new PrintSum(
            volumes.Count,
            volumes.Aggregate(BigInteger.Zero, (sum, t) => sum + t.F1),
            volumes.Aggregate(BigInteger.Zero, (sum, t) => sum + ((BigInteger)t.F0 * t.F1)),
            prices.Count > 0 ? prices[0].F0 : low,
            high,
            low,
            prices.Count > 0 ? prices[^1].F0 : low);
    }

    // A side is what its source said last: by time, then session, then number; then, for sources without numbers, by price and size.
    private string? Best(List<MarketEvent> quotes, bool isBid)
    {
        var (set, cleared) = isBid ? (EventFlags.BidSet, EventFlags.BidCleared) : (EventFlags.AskSet, EventFlags.AskCleared);
        var said = quotes.Where(q => q.Has(set | cleared)).Select(q => (
            q.EventTime, q.Session, q.Sequence, q.Source, IsSet: q.Has(set), Price: isBid ? q.F0 : q.F2, Size: isBid ? q.F1 : q.F3));
        var newest = said.GroupBy(s => s.Source).Select(g => g
            .OrderBy(s => s.EventTime.Value).ThenBy(s => s.Session).ThenBy(s => s.Sequence).ThenBy(s => s.Price).ThenBy(s => s.Size).Last());
        var ranked = newest.Where(s => s.IsSet)
            .OrderBy(s => isBid ? -s.Price : s.Price).ThenBy(s => s.EventTime.Value)
            .ThenBy(s => _names.Source(s.Source), StringComparer.Ordinal).ToList();
        return ranked.Count == 0 ? null : MarketPicture.Quoted(ranked[0].Price, ranked[0].Size, ranked[0].EventTime, _names.Source(ranked[0].Source));
    }

    private List<MarketEvent> InOrder(IEnumerable<MarketEvent> trades) =>
    [
        .. trades.OrderBy(t => t.EventTime.Value).ThenBy(t => _names.Source(t.Source), StringComparer.Ordinal)
            .ThenBy(t => t.Session).ThenBy(t => t.Sequence).ThenBy(t => t.F0).ThenBy(t => t.F1),
    ];

    private bool Counts(MarketEvent t) => !HasCondition(t, s => s.NotLastConditions)
        || !HasCondition(t, s => s.NotHighLowConditions) || !HasCondition(t, s => s.NotVolumeConditions);

    private bool HasCondition(MarketEvent t, Func<SourceDeclaration, uint> mask) => (t.Conditions & mask(_names.DeclarationOf(in t))) != 0;

    private static uint UtcDate(UnixNanos time) =>
        uint.Parse(time.ToDateTimeOffset().ToString("yyyyMMdd", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}

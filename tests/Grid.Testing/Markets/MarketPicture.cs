using System.Numerics;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime;
using Grid.Runtime.Queries;
using Xunit;

namespace Grid.Testing;

/// <summary>Sums and prices of some trades.</summary>
internal readonly record struct PrintSum(long Count, BigInteger Volume, BigInteger Notional, long Open, long High, long Low, long Close);

/// <summary>What users see of a market as lines of text over names, so that a difference can be read.</summary>
internal static class MarketPicture
{
    /// <summary>All instruments of an image that had an event applied, in the order of their symbols.</summary>
    public static List<string> Of(GridImage image) =>
    [
        .. image.Instruments.All().Where(s => s.Version > 0)
            .OrderBy(s => image.Names.Symbol(s.Id), StringComparer.Ordinal)
            .SelectMany(s => Of(s, image.Context)),
    ];

    /// <summary>One instrument.</summary>
    public static IEnumerable<string> Of(InstrumentState state, InstrumentContext context)
    {
        var symbol = context.Names.Symbol(state.Id);
        state.Read(out var latest);
        yield return Last(symbol, latest.HasLast ? latest.Last : null, context.Names);
        yield return Side(symbol, "bid", Quoted(latest.Bid, context.Names));
        yield return Side(symbol, "ask", Quoted(latest.Ask, context.Names));
        var day = latest.Day;
        yield return Prints(
            symbol, $"day {day.Date}", new PrintSum(day.Count, (BigInteger)day.Volume, (BigInteger)day.Notional, day.Open.Raw, day.High.Raw, day.Low.Raw, 0));
        var from = new UnixNanos(long.MinValue + UnixNanos.PerDay);
        var bars = InstrumentView.Of(state).Bars(UnixNanos.PerMinute, from, new UnixNanos(long.MaxValue), int.MaxValue, context.Order, context);
        foreach (var bar in bars)
        {
            var sum = new PrintSum(
                bar.Count, (BigInteger)bar.Volume, (BigInteger)bar.Notional, bar.Open.Raw, bar.High.Raw, bar.Low.Raw, bar.Close.Raw);
            yield return Prints(symbol, $"minute {bar.Start}", sum)
                + Side("", " bid", Quoted(bar.Bid, context.Names)) + Side("", " ask", Quoted(bar.Ask, context.Names));
        }
    }

    /// <summary>Fails with the lines that differ.</summary>
    public static void AssertSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        var missing = expected.Except(actual).Select(l => $"\n  expected {l}");
        var surplus = actual.Except(expected).Select(l => $"\n  but was  {l}");
        Assert.True(expected.SequenceEqual(actual), "the markets differ:" + string.Concat(missing.Concat(surplus)));
    }

    /// <summary>The open gaps of an image.</summary>
    public static List<string> Gaps(GridImage image)
    {
        var gaps = image.Gaps.Open(int.MaxValue)
            .Select(g => $"{image.Names.Sources.Text(g.Source.Value)} {g.Channel.Value} {g.Session} {g.FirstMissing}-{g.LastMissing}").ToList();
        gaps.Sort(StringComparer.Ordinal);
        return gaps;
    }

    public static string Last(string symbol, MarketEvent? last, MarketNames names) =>
        Last(symbol, last, last is { } e ? (names.Source(e.Source), names.ByKind[NameKind.Venue][e.Venue.Value]) : default);

    public static string Side(string symbol, string side, string? quoted) => $"{symbol} {side} {quoted ?? "none"}";

    public static string Quoted(long price, long size, UnixNanos time, string source) => $"{new Price(price)} x {new Quantity(size)} at {time} by {source}";

    // The close of a day is its last trade, which has a line of its own.
    public static string Prints(string symbol, string interval, PrintSum sum) =>
        $"{symbol} {interval}: {sum.Count} of {sum.Volume} for {sum.Notional}, {new Price(sum.Open)} {new Price(sum.High)} {new Price(sum.Low)}"
        + (interval.StartsWith("day", StringComparison.Ordinal) ? "" : $" {new Price(sum.Close)}");

    private static string Last(string symbol, MarketEvent? last, GridNames names) =>
        Last(symbol, last, last is { } e ? (names.Sources.Text(e.Source.Value), names.Venues.Text(e.Venue.Value)) : default);

    private static string Last(string symbol, MarketEvent? last, (string Source, string Venue) names) => last is { } e
        ? $"{symbol} last {e.Price} x {e.Size} at {e.EventTime} by {names.Source} in {e.Session} as {e.Sequence} on '{names.Venue}' with {e.Conditions}"
        : $"{symbol} last none";

    private static string? Quoted(Side side, GridNames names) =>
        side.IsSet ? Quoted(side.Price.Raw, side.Size.Raw, side.Time, names.Sources.Text(side.Source.Value)) : null;
}

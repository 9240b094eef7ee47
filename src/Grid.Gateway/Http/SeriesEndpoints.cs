using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Http;

/// <summary>Series of one instrument: ticks and bars, as JSON, CSV or NDJSON.</summary>
internal static class SeriesEndpoints
{
    private const int RowsByDefault = 1000;

    private static readonly string[] TickColumns =
    [
        "time", "kind", "source", "channel", "session", "sequence", "venue", "conditions", "price", "size",
        "bid", "bid_size", "ask", "ask_size", "amends", "outcome", "reason", "received",
    ];

    private static readonly string[] BarColumns =
        ["time", "open", "high", "low", "close", "volume", "vwap", "count", "bid", "bid_size", "ask", "ask_size"];

    public static void Map(IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options)
    {
        routes.MapGet("/v1/ticks/{**symbol}", context => TicksAsync(context, grid, options));
        routes.MapGet("/v1/bars/{**symbol}", context => BarsAsync(context, grid, options));
    }

    private static async Task TicksAsync(HttpContext context, IGrid grid, GatewayOptions options)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var (from, to) = arguments.Range(new UnixNanos(long.MinValue));
        var page = await grid.GetTicksAsync(
            arguments.Instrument(grid, "/v1/ticks/"),
            from,
            to,
            arguments.Limit(RowsByDefault, options.RowsMax),
            context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers["Grid-Complete"] = page.IsComplete ? "true" : "false";
        context.Response.Headers["Grid-Amendment-Pending"] = page.AmendmentPending ? "true" : "false";
        using var body = new RowBody(context, format, TickColumns);
        foreach (var tick in page.Ticks)
        {
            await body.AddAsync(Cells(tick, grid.Names)).ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static async Task BarsAsync(HttpContext context, IGrid grid, GatewayOptions options)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var interval = arguments.Text("interval") ?? "1m";
        if (!BarInterval.TryParse(interval, out var intervalNs))
        {
            throw QueryArguments.Bad("interval", interval, "one of " + string.Join(", ", BarInterval.All.Select(i => i.Key)));
        }

        // Not from the first moment there is: the start of its interval would lie before it.
        var (from, to) = arguments.Range(new UnixNanos(-UnixNanos.PerDay * 100_000));
        var bars = await grid.GetBarsAsync(
            arguments.Instrument(grid, "/v1/bars/"),
            intervalNs,
            from,
            to,
            arguments.Limit(RowsByDefault, options.RowsMax),
            context.RequestAborted).ConfigureAwait(false);
        using var body = new RowBody(context, format, BarColumns);
        foreach (var bar in bars)
        {
            await body.AddAsync(Cells(in bar)).ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static object?[] Cells(in Bar bar) =>
    [
        bar.Start.ToString(),
        bar.HasPrices ? bar.Open.ToString() : null,
        bar.HasPrices ? bar.High.ToString() : null,
        bar.HasPrices ? bar.Low.ToString() : null,
        bar.HasPrices ? bar.Close.ToString() : null,
        WideDecimal.Text(bar.Volume, Quantity.Scale),
        bar.Volume != 0 ? bar.Vwap.ToString() : null,
        bar.Count,
        bar.Bid.IsSet ? bar.Bid.Price.ToString() : null,
        bar.Bid.IsSet ? bar.Bid.Size.ToString() : null,
        bar.Ask.IsSet ? bar.Ask.Price.ToString() : null,
        bar.Ask.IsSet ? bar.Ask.Size.ToString() : null,
    ];

    private static object?[] Cells(in Tick tick, GridNames names) => [.. EventCells.Of(in tick, names)];
}

/// <summary>An event as cells, the same for ticks and for the quarantine.</summary>
internal static class EventCells
{
    public static IEnumerable<object?> Of(in Tick tick, GridNames names)
    {
        var e = tick.Event;
        var isPriced = e.Kind is EventKind.Trade or EventKind.Correct;
        var hasBid = e.Kind is EventKind.Quote or EventKind.Run && e.Has(EventFlags.BidSet);
        var hasAsk = e.Kind is EventKind.Quote or EventKind.Run && e.Has(EventFlags.AskSet);
        return
        [
            e.EventTime.ToString(),
            e.Kind.ToString().ToLowerInvariant(),
            names.Sources.Text(e.Source.Value),
            names.Channels.Text((int)e.Channel.Value),
            (long)e.Session,
            e.Sequence,
            names.Venues.Text(e.Venue.Value),
            (long)e.Conditions,
            isPriced ? e.Price.ToString() : null,
            isPriced ? e.Size.ToString() : null,
            hasBid ? e.BidPrice.ToString() : Cleared(in e, EventFlags.BidCleared),
            hasBid ? e.BidSize.ToString() : null,
            hasAsk ? e.AskPrice.ToString() : Cleared(in e, EventFlags.AskCleared),
            hasAsk ? e.AskSize.ToString() : null,
            e.Kind is EventKind.Cancel or EventKind.Correct ? e.AmendedSequence : null,
            tick.Outcome.Disposition.ToString().ToLowerInvariant(),
            tick.Outcome.Reason == RejectReason.None ? null : tick.Outcome.Reason.ToString(),
            e.ReceiveTime.ToString(),
        ];
    }

    private static string? Cleared(in MarketEvent e, EventFlags cleared) => e.Kind is EventKind.Quote or EventKind.Run && e.Has(cleared) ? "cleared" : null;
}

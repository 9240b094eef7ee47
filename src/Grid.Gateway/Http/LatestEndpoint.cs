using System.Buffers;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>
/// What is known now of one instrument (<c>/v1/latest/SYMBOL</c>), of some (<c>?instruments=A,B</c>) or of all that fit a
/// pattern (<c>?pattern=A*</c>). It may show an event a moment before that event is durable.
/// </summary>
internal sealed class LatestEndpoint(IGrid grid, GatewayOptions options)
{
    private const string Path = "/v1/latest/";
    private const int InstrumentBytesMax = 1024;

    private readonly InstrumentList _list = new(grid, options);
    private readonly LatestTags _tags = new();

    private static readonly RowShape Day = new(
        Column.Number("date", "20131007", "The session date of the newest trade."),
        Column.Decimal("open", "100", "First price."),
        Column.Decimal("high", "101.5", "Highest price."),
        Column.Decimal("low", "99.75", "Lowest price."),
        Column.Decimal("volume", "1234500", "Sum of sizes."),
        Column.Number("count", "8123", "Prints that count for volume."));

    /// <summary>What is told of an instrument.</summary>
    public static readonly RowShape Shape = new(
        Column.Text("instrument", "AAPL", "The instrument."),
        Column.Decimal("price", "100.25", "Price of the last trade.").OrNull(),
        Column.Decimal("size", "300", "Its size.").OrNull(),
        Column.Decimal("bid", "100.24", "Best bid over sources.").OrNull(),
        Column.Decimal("bid_size", "500", "Its size.").OrNull(),
        Column.Decimal("ask", "100.26", "Best ask over sources.").OrNull(),
        Column.Decimal("ask_size", "200", "Its size.").OrNull(),
        Column.Time("time", "Newest event time of any event of the instrument."),
        Column.Time("trade_time", "When the last trade happened; absent without one.").OrNull(),
        Column.Text("venue", "XNAS", "Where the last trade happened; absent without one.").OrNull(),
        Column.Object("day", Day, "Statistics of the session date of the newest trade; absent without one.").OrNull());

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/latest", "What is known of instruments now", ManyAsync)
        {
            Description = "Of some instruments, or of all that fit a pattern. It may show an event a moment before that event is durable.",
            Arguments = InstrumentList.NamesOrPattern,
            Answer = ApiAnswer.Array(Shape),
            Headers = [ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument],
        },
        new("GET", "/v1/latest/{symbol}", "What is known of an instrument now", OneAsync)
        {
            Description = "The fastest question there is. With If-None-Match and the ETag of an earlier answer it is 304 without a body while nothing changed. It may show an event a moment before that event is durable.",
            Arguments = [ApiArgument.Symbol],
            Answer = ApiAnswer.Object(Shape),
            Headers = [ApiHeader.ETag],
            MayBeNotModified = true,
            Errors = [GridErrorCode.InstrumentNotFound],
        },
    ];

    /// <summary>
    /// Answers the request for one instrument, without routing, without waiting and without allocation; false if it is another request, one
    /// with arguments, or one about an instrument that is being written all the while.
    /// </summary>
    public bool TryAnswer(HttpContext context) => TryAnswer(context, mayWait: false);

    private bool TryAnswer(HttpContext context, bool mayWait)
    {
        var path = context.Request.Path.Value;
        if (path is null
            || path.Length <= Path.Length
            || !path.StartsWith(Path, StringComparison.Ordinal)
            || context.Request.Method != HttpMethods.Get
            || context.Request.QueryString.HasValue)
        {
            return false;
        }

        Span<byte> symbol = stackalloc byte[GridLimits.NameBytesMax];
        var name = path.Contains("%2", StringComparison.Ordinal) ? QueryArguments.Symbol(context, Path) : path.AsSpan(Path.Length);
        var index = NameRules.TryEncode(name, symbol, out var length) ? grid.Names.Instruments.Find(symbol[..length]) : -1;
        var isBusy = false;
        var latest = default(Latest);
        var isKnown = index > 0 && (mayWait
            ? grid.TryGetLatest(new InstrumentId((uint)index), out latest)
            : grid.TryGetLatest(new InstrumentId((uint)index), out latest, out isBusy));
        if (isBusy)
        {
            return false;
        }

        if (!isKnown)
        {
            throw new GridException(GridErrorCode.InstrumentNotFound, $"there is no instrument '{name}'");
        }

        var tag = _tags.Of(in latest);
        context.Response.Headers.ETag = tag;
        var condition = context.Request.Headers.IfNoneMatch;
        if (condition.Count > 0 && LatestTags.IsNamed(condition.Count == 1 ? condition[0] : condition.ToString(), tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return true;
        }

        var body = context.Response.BodyWriter;
        var written = Write(body.GetSpan(InstrumentBytesMax), in latest, grid.Names);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = written;
        body.Advance(written);
        return true;
    }

    /// <summary>Answers the request for one instrument behind routing: for hosts of their own, where it has to wait, and where a question mark without arguments is all that follows.</summary>
    private Task OneAsync(HttpContext context)
    {
        context.Request.QueryString = default;
        return TryAnswer(context, mayWait: true) ? Task.CompletedTask : Refusals.NothingThereAsync(context);
    }

    /// <summary>Answers the request for some instruments or a pattern, as an array in the order asked for.</summary>
    public async Task ManyAsync(HttpContext context)
    {
        var ids = await _list.NamedOrFittingAsync(context).ConfigureAwait(false);
        context.Response.ContentType = "application/json";
        var body = context.Response.BodyWriter;
        body.Write("["u8);
        var isFirst = true;
        foreach (var id in ids)
        {
            if (grid.TryGetLatest(id, out var latest))
            {
                body.Write(isFirst ? ""u8 : ","u8);
                body.Advance(Write(body.GetSpan(InstrumentBytesMax), in latest, grid.Names));
                isFirst = false;
                if (body.UnflushedBytes > 64 << 10)
                {
                    await OffSocketThread.ThenAsync(body.FlushAsync(context.RequestAborted)).ConfigureAwait(false);
                }
            }
        }

        body.Write("]"u8);
        await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    // Symbols are printable ASCII; of these only the quote and the backslash need escaping in JSON.
    private static int Write(Span<byte> target, in Latest latest, GridNames names)
    {
        var text = new JsonText(target);
        text.Raw("{"u8);
        WriteFields(ref text, in latest, names);
        text.Raw("}"u8);
        return text.Length;
    }

    /// <summary>The members of the object, without its braces.</summary>
    public static void WriteFields(ref JsonText text, in Latest latest, GridNames names)
    {
        text.Raw("\"instrument\":\""u8);
        text.Name(names.Instruments[(int)latest.Instrument.Value]);
        text.Raw("\""u8);
        text.Decimal(",\"price\":"u8, latest.HasLast, latest.Last.Price.Raw, Price.Scale);
        text.Decimal(",\"size\":"u8, latest.HasLast, latest.Last.Size.Raw, Quantity.Scale);
        text.Decimal(",\"bid\":"u8, latest.Bid.IsSet, latest.Bid.Price.Raw, Price.Scale);
        text.Decimal(",\"bid_size\":"u8, latest.Bid.IsSet, latest.Bid.Size.Raw, Quantity.Scale);
        text.Decimal(",\"ask\":"u8, latest.Ask.IsSet, latest.Ask.Price.Raw, Price.Scale);
        text.Decimal(",\"ask_size\":"u8, latest.Ask.IsSet, latest.Ask.Size.Raw, Quantity.Scale);
        text.Time(",\"time\":"u8, latest.Time);
        if (latest.HasLast)
        {
            text.Time(",\"trade_time\":"u8, latest.Last.EventTime);
            text.Raw(",\"venue\":\""u8);
            text.Name(names.Venues[latest.Last.Venue.Value]);
            text.Raw("\""u8);
        }

        if (latest.Day.Date != 0)
        {
            text.Raw(",\"day\":{\"date\":"u8);
            text.Number(latest.Day.Date);
            text.Decimal(",\"open\":"u8, true, latest.Day.Open.Raw, Price.Scale);
            text.Decimal(",\"high\":"u8, true, latest.Day.High.Raw, Price.Scale);
            text.Decimal(",\"low\":"u8, true, latest.Day.Low.Raw, Price.Scale);
            text.Raw(",\"volume\":\""u8);
            text.Wide(latest.Day.Volume, Quantity.Scale);
            text.Raw("\",\"count\":"u8);
            text.Number((ulong)latest.Day.Count);
            text.Raw("}"u8);
        }
    }
}

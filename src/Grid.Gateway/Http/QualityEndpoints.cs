using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>How good the events of each instrument are.</summary>
internal sealed class QualityEndpoints(IGrid grid, GatewayOptions options, TimeProvider time)
{
    private const int ScoreDecimals = 2;

    private const string Formula =
        "score = 100 × (1 − (rejected + flagged / 2 + late / 4) / (accepted + flagged + rejected)), rounded half up to two decimals; without such events there is none. Duplicates do not count: a feed that is sent twice is none the worse.";

    private static readonly RowShape Shape = new(
        Column.Text("instrument", "AAPL", "The instrument."),
        Column.Decimal("score", "99.87", $"From 0 to 100: {Formula}").OrNull(),
        Column.Number("accepted", "79463", "Events applied without a mark."),
        Column.Number("flagged", "12", "Events applied and marked."),
        Column.Number("rejected", "3", "Events in quarantine."),
        Column.Number("duplicate", "401", "Events seen before."),
        Column.Number("late", "759", "Of those applied, the ones whose event time was before the newest when they came."),
        Column.Number("open_gaps", "0", "Open gaps of the sequence domains in which its events are numbered: what is missing may be the instrument's or another's."),
        Column.Time("last_event", "Newest event time of an applied event.").OrNull(),
        Column.Time("last_received", "When the newest event was taken in, whatever became of it."),
        Column.Decimal("staleness", "0.250417", "Seconds from last_event to now; 0 if it lies ahead.").OrNull());

    private readonly InstrumentList _list = new(grid, options);

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/quality", "Data quality of instruments", ManyAsync)
        {
            Description = $"Of some instruments, of all that fit a pattern, or of all; those included of which no event was applied. Counts are since the data folder was made. {Formula}",
            Arguments = [.. InstrumentList.NamesOrPattern, ApiArgument.Format],
            Answer = ApiAnswer.Rows(Shape),
            Headers = [ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument],
        },
        new("GET", "/v1/quality/{symbol}", "Data quality of an instrument", OneAsync)
        {
            Description = $"Counts are since the data folder was made. {Formula}",
            Arguments = [ApiArgument.Symbol, ApiArgument.Format],
            Answer = ApiAnswer.Row(Shape),
            Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument],
        },
    ];

    private async Task ManyAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var page = arguments.Text("instruments") is { } instruments
            ? Named(context, instruments)
            : await FittingAsync(context, arguments.Text("pattern") ?? "*").ConfigureAwait(false);
        var now = UnixNanos.From(time.GetUtcNow());
        using var body = new RowBody(context, format, Shape);
        foreach (var quality in page)
        {
            Add(body, in quality, now);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private IReadOnlyList<InstrumentQuality> Named(HttpContext context, string instruments) =>
        [.. _list.Named(context, instruments, id => grid.TryGetQuality(id, out _)).Select(id => grid.TryGetQuality(id, out var quality) ? quality : default)];

    private ValueTask<IReadOnlyList<InstrumentQuality>> FittingAsync(HttpContext context, string pattern) => _list.PageAsync(
        context, (after, limit) => grid.GetQualityAsync(pattern, after, limit, context.RequestAborted), static q => q.Instrument);

    private async Task OneAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var id = arguments.Instrument(grid, "/v1/quality/");
        if (!grid.TryGetQuality(id, out var quality))
        {
            throw new GridException(GridErrorCode.InstrumentNotFound, $"no event of instrument '{grid.Names.Symbol(id)}' ever came");
        }

        using var body = new RowBody(context, format, Shape, isOne: true);
        Add(body, in quality, UnixNanos.From(time.GetUtcNow()));
        await body.EndRowAsync().ConfigureAwait(false);
        await body.EndAsync().ConfigureAwait(false);
    }

    private void Add(RowBody row, in InstrumentQuality quality, UnixNanos now)
    {
        row.Name(grid.Names.Instruments[(int)quality.Instrument.Value]);
        if (quality.Counts.Score is { } score)
        {
            row.Decimal(score, ScoreDecimals);
        }
        else
        {
            row.Null();
        }

        row.Number(quality.Counts.Accepted);
        row.Number(quality.Counts.Flagged);
        row.Number(quality.Counts.Rejected);
        row.Number(quality.Counts.Duplicate);
        row.Number(quality.Counts.Late);
        row.Number((long)quality.OpenGaps);
        if (quality.LastEvent is { } last)
        {
            row.Time(last);
            row.Time(quality.Counts.LastReceived);
            row.Wide(Int128.Max((Int128)now.Value - last.Value, 0), Price.Scale);
        }
        else
        {
            row.Null();
            row.Time(quality.Counts.LastReceived);
            row.Null();
        }
    }
}

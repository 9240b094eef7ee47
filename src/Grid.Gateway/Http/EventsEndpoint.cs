using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Gateway.Publishing;
using Grid.Gateway.Rows;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Grid.Gateway.Http;

/// <summary>
/// Publishes events that come as a JSON array, as a JSON object a line, or as CSV, with the columns of <see cref="EventColumns"/>.
/// Each row stands or falls alone.
/// </summary>
internal sealed class EventsEndpoint(EventPublisher publisher, GatewayOptions options, TimeProvider time)
{
    private const string Types = "application/json (an array of objects), application/x-ndjson and text/csv";

    /// <summary>The columns of <see cref="EventColumns"/>. What the example of a trade does not have has no example.</summary>
    private static readonly RowShape Event = new(
        Column.Text("kind", "trade", "trade, quote, run, cancel or correct; without it: trade if there is a price, else quote."),
        Column.Time("time", "When it happened, or nanoseconds since 1970 UTC."),
        Column.Text("instrument", "IBM", "The symbol; of a run the CUSIP unless given."),
        Column.Text("source", "mine", "The feed; without it what the argument source says."),
        Column.Text("channel", string.Empty, "The source's channel."),
        Column.Text("session", string.Empty, "The source's session, a date or a number; the UTC date unless given."),
        Column.Text("venue", "N", "Where it happened."),
        Column.Number("sequence", "1", "The source's number in (source, channel, session)."),
        Column.Decimal("price", "181.52", "Of a trade or a correct."),
        Column.Decimal("size", "100", "Of a trade or a correct."),
        Column.Decimal("bid", string.Empty, "Of a quote or a run; a side without a price does not change."),
        Column.Decimal("bid_size", string.Empty, "Of a quote or a run."),
        Column.Decimal("ask", string.Empty, "Of a quote or a run."),
        Column.Decimal("ask_size", string.Empty, "Of a quote or a run."),
        Column.Text("conditions", string.Empty, "Bits as a number, or hexadecimal after 0x."),
        Column.Text("flags", string.Empty, "suspicious, bid_cleared, ask_cleared; several with | between."),
        Column.Number("amends", string.Empty, "Of a cancel or a correct: the sequence of the trade it is about."),
        Column.Text("cusip", string.Empty, "Of a run."),
        Column.Decimal("bid_spread", string.Empty, "Of a run, in basis points."),
        Column.Decimal("ask_spread", string.Empty, "Of a run, in basis points."),
        Column.Decimal("bid_yield", string.Empty, "Of a run, in percent."),
        Column.Decimal("ask_yield", string.Empty, "Of a run, in percent."),
        Column.Text("benchmark", string.Empty, "Of a run: the CUSIP it is compared to."));

    // What is known when the request's own form is at fault has no counts.
    private static readonly ApiRefusal Refused = new(new RowShape([.. PublishAnswer.Counts.Columns.Select(c => c.OrNull())]), IsProblem: true);

    private readonly PublishBody _body = new(publisher, options, time);

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("POST", "/v1/events", "Publish events", PostAsync)
        {
            Description = "Answers when all is durable and applied. Each row stands or falls alone; if some are refused, the answer is 400 with the counts of what was taken. "
                + $"A property that is not known is refused. {PublishArguments.Again}",
            Arguments = PublishArguments.All,
            Body = ApiBody.Rows(Event, "time"),
            Answer = ApiAnswer.Object(PublishAnswer.Counts),
            Errors = PublishArguments.Errors,
            Refusal = Refused,
        },
    ];

    private async Task PostAsync(HttpContext context)
    {
        var faults = new RowFaults();
        var (reader, name) = Format(context.Request.ContentType);
        var terms = PublishArguments.Terms(context);
        var intake = new RowIntake(reader, PublishArguments.Source(context, name), GridLimits.RowBytesMax, faults.Add);
        var counts = await _body.PublishAsync(context, terms, intake).ConfigureAwait(false);
        await AnswerAsync(context, counts, faults).ConfigureAwait(false);
    }

    private static (RowReader Reader, string Name) Format(string? contentType)
    {
        var type = MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? parsed.MediaType.Value!.ToLowerInvariant() : null;
        if (type is not null && parsed!.Charset.HasValue && !parsed.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw new GridException(GridErrorCode.UnsupportedContent, $"the body is in '{parsed.Charset}'; it must be UTF-8");
        }

        return type switch
        {
            "application/json" => (new JsonItems(), "json"),
            "application/x-ndjson" or "application/ndjson" or "application/jsonl" => (new JsonLines(), "ndjson"),
            "text/csv" => (new CsvLines(), "csv"),
            _ => throw new GridException(GridErrorCode.UnsupportedContent, $"the content type is '{contentType}'; {Types} are understood"),
        };
    }

    private static async Task AnswerAsync(HttpContext context, PublishedCounts counts, RowFaults faults)
    {
        var isWhole = faults.Count == 0;
        var code = faults.CodeIf(counts.Events);
        context.Response.StatusCode = isWhole ? StatusCodes.Status200OK : GridError.HttpStatus(code);
        context.Response.ContentType = isWhole ? "application/json" : "application/problem+json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            if (!isWhole)
            {
                json.WriteString("type", "about:blank");
                json.WriteString("title", code.ToString());
                json.WriteNumber("status", context.Response.StatusCode);
                json.WriteString("detail", $"{faults.Shown[0]}; {faults.Count} rows are {(code == GridErrorCode.Forbidden ? "forbidden" : "malformed")}, {counts.Events} were taken");
                json.WriteString("code", code.ToString());
                json.WriteBoolean("retry", false);
            }

            PublishAnswer.WriteCounts(json, counts);
            json.WriteNumber("malformed", faults.Count);
            PublishAnswer.WriteErrors(json, faults);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}

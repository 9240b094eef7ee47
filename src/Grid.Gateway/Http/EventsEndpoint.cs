using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Publishing;
using Grid.Gateway.Rows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Grid.Gateway.Http;

/// <summary>
/// Publishes events that come as a JSON array, as a JSON object a line, or as CSV, with the columns of <see cref="EventColumns"/>.
/// Each row stands or falls alone.
/// </summary>
internal sealed class EventsEndpoint(EventPublisher publisher, GatewayOptions options, TimeProvider time)
{
    private const string Types = "application/json (an array of objects), application/x-ndjson and text/csv";

    private readonly PublishBody _body = new(publisher, options, time);

    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/events", PostAsync);

    private async Task PostAsync(HttpContext context)
    {
        PublishedCounts counts;
        var faults = new RowFaults();
        try
        {
            var (reader, name) = Format(context.Request.ContentType);
            var terms = PublishArguments.Terms(context);
            var intake = new RowIntake(reader, PublishArguments.Source(context, name), GridLimits.RowBytesMax, faults.Add);
            counts = await _body.PublishAsync(context, terms, intake).ConfigureAwait(false);
        }
        catch (UnsupportedContentException unsupported)
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "UnsupportedContent", unsupported.Message).ConfigureAwait(false);
            return;
        }

        await AnswerAsync(context, counts, faults).ConfigureAwait(false);
    }

    private static (RowReader Reader, string Name) Format(string? contentType)
    {
        var type = MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? parsed.MediaType.Value!.ToLowerInvariant() : null;
        if (type is not null && parsed!.Charset.HasValue && !parsed.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            throw new UnsupportedContentException($"the body is in '{parsed.Charset}'; it must be UTF-8");
        }

        return type switch
        {
            "application/json" => (new JsonItems(), "json"),
            "application/x-ndjson" or "application/ndjson" or "application/jsonl" => (new JsonLines(), "ndjson"),
            "text/csv" => (new CsvLines(), "csv"),
            _ => throw new UnsupportedContentException($"the content type is '{contentType}'; {Types} are understood"),
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

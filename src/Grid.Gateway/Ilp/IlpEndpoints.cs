using System.Globalization;
using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Http;
using Grid.Gateway.Publishing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Ilp;

/// <summary>
/// Line protocol over HTTP, at the paths and with the answers that clients of InfluxDB 1 and 2 and of QuestDB expect: 204 when
/// all lines are written, 400 with the first bad lines when some are not.
/// </summary>
internal sealed class IlpEndpoints(EventPublisher publisher, IlpMapping mapping, GatewayOptions options, TimeProvider time)
{
    private const string DefaultSource = "ilp";
    private const string Version = "1.8";

    private readonly PublishBody _body = new(publisher, options, time);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/write", WriteAsync);
        routes.MapPost("/api/v2/write", WriteAsync);
        routes.MapMethods("/ping", ["GET", "HEAD"], PingAsync);
        routes.MapGet("/health", HealthAsync);
        routes.MapGet("/settings", SettingsAsync);
    }

    private async Task WriteAsync(HttpContext context)
    {
        var faults = new RowFaults();
        try
        {
            var terms = PublishArguments.Terms(context);
            var rows = new IlpRows(mapping, Precision(context), time, requiresTime: terms.Batch is not null);
            var intake = new RowIntake(rows, PublishArguments.Source(context, DefaultSource), GridLimits.RowBytesMax, faults.Add);
            var counts = await _body.PublishAsync(context, terms, intake).ConfigureAwait(false);
            await AnswerAsync(context, counts, faults).ConfigureAwait(false);
        }
        catch (GridException refused)
        {
            var status = GridError.HttpStatus(refused.Code);
            await RefuseAsync(context, status, Code(status), refused.Message, faults).ConfigureAwait(false);
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(context, bad.StatusCode, Code(bad.StatusCode), bad.Message, faults).ConfigureAwait(false);
        }
        catch (UnsupportedContentException unsupported)
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, "invalid", unsupported.Message, faults).ConfigureAwait(false);
        }
    }

    private static long Precision(HttpContext context)
    {
        var name = new QueryArguments(context).Text("precision");
        return name is null or "" ? 1
            : IlpPrecision.TryParse(name, out var unitNs) ? unitNs
            : throw QueryArguments.Bad("precision", name, $"one of {string.Join(", ", IlpPrecision.All.Select(p => p.Key))}");
    }

    private static Task AnswerAsync(HttpContext context, PublishedCounts counts, RowFaults faults)
    {
        var headers = context.Response.Headers;
        headers["Grid-Accepted"] = counts.Accepted.ToString(CultureInfo.InvariantCulture);
        headers["Grid-Flagged"] = counts.Flagged.ToString(CultureInfo.InvariantCulture);
        headers["Grid-Duplicate"] = counts.Duplicate.ToString(CultureInfo.InvariantCulture);
        headers["Grid-Rejected"] = counts.Rejected.ToString(CultureInfo.InvariantCulture);
        if (faults.Count > 0)
        {
            var message = $"partial write: {faults.Shown[0]}; written={counts.Events} dropped={faults.Count}";
            var status = GridError.HttpStatus(faults.CodeIf(counts.Events));
            return RefuseAsync(context, status, Code(status), message, faults, counts.Events);
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    // "error" is what clients of InfluxDB 1 read; "code", "message" and "line" are what those of InfluxDB 2 and QuestDB do.
    private static async Task RefuseAsync(HttpContext context, int status, string code, string message, RowFaults faults, long written = 0)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("code", code);
            json.WriteString("message", message);
            json.WriteString("error", message);
            if (faults.Count > 0)
            {
                json.WriteNumber("line", faults.Shown[0].Line);
                json.WriteNumber("written", written);
                json.WriteNumber("dropped", faults.Count);
                PublishAnswer.WriteErrors(json, faults);
            }

            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private static string Code(int status) => status switch
    {
        StatusCodes.Status403Forbidden => "forbidden",
        StatusCodes.Status409Conflict => "conflict",
        StatusCodes.Status413PayloadTooLarge => "request too large",
        StatusCodes.Status429TooManyRequests => "too many requests",
        StatusCodes.Status503ServiceUnavailable => "unavailable",
        _ => "invalid",
    };

    private static Task PingAsync(HttpContext context)
    {
        context.Response.Headers["X-Influxdb-Version"] = Version;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static Task HealthAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync("""{"name":"grid","message":"ready for writes","status":"pass","checks":[]}""", context.RequestAborted);
    }

    // Text, in which decimals are exact, is what clients of QuestDB are asked to send.
    private static Task SettingsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            """{"config":{"line.proto.support.versions":[1],"cairo.max.file.name.length":127},"preferences.version":0,"preferences":{}}""", context.RequestAborted);
    }
}

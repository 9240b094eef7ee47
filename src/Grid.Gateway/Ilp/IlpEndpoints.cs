using System.Globalization;
using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Http;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Gateway.Publishing;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Ilp;

/// <summary>
/// Line protocol over HTTP, at the paths and with the answers that clients of InfluxDB 1 and 2 and of QuestDB expect: 204 when
/// all lines are written, 400 with the first bad lines when some are not.
/// </summary>
internal sealed class IlpEndpoints(EventPublisher publisher, IlpMapping mapping, GatewayOptions options, TimeProvider time)
{
    private const string DefaultSource = "ilp";
    private const string Version = "1.8";
    private const string Settings = """{"config":{"line.proto.support.versions":[1],"cairo.max.file.name.length":127},"preferences.version":0,"preferences":{}}""";

    private const string Example = "trade,instrument=IBM,source=mine,venue=N price=181.52,size=100i,seq=42i 1714570200000000000\nquote,instrument=IBM,source=mine bid=181.5,bid_size=3,ask=181.6,ask_size=5,seq=43i 1714570200000000001\n";

    private static readonly ApiArgument PrecisionArgument = new(
        "precision", $$"""{"type":"string","enum":[{{string.Join(',', IlpPrecision.All.Select(p => $"\"{p.Key}\""))}}],"default":"ns"}""", "ms", "The unit of times without a suffix of their own.");

    // Both "error" and "code" with "message": each family of clients reads its own.
    private static readonly ApiRefusal Refused = new(
        new RowShape(
            Column.Text("code", "invalid", "In a word, as clients of InfluxDB 2 and QuestDB read it."),
            Column.Text("message", "partial write: line 2: time is missing; written=1 dropped=1", "A sentence that names the value, the rule and the place."),
            Column.Text("error", "partial write: line 2: time is missing; written=1 dropped=1", "The same, as clients of InfluxDB 1 read it."),
            Column.Number("line", "2", "The first line that was refused; absent if it is not a line.").OrNull(),
            Column.Number("written", "1", "Lines that were taken, if some were refused.").OrNull(),
            Column.Number("dropped", "1", "Lines that were refused, if some were.").OrNull(),
            Column.List("errors", PublishAnswer.Fault, "The first 100 of them.").OrNull()),
        IsProblem: false);

    private static readonly RowShape Health = new(
        Column.Text("name", "grid", "What answers."),
        Column.Text("message", "ready for writes", "The same in words."),
        Column.Text("status", "pass", "Always pass; /health/ready says whether events are made durable."),
        Column.Texts("checks", string.Empty, "Always empty."));

    private readonly PublishBody _body = new(publisher, options, time);

    public IEnumerable<ApiRoute> Routes() =>
    [
        Write("/write", "Publish line protocol, as clients of InfluxDB 1 and QuestDB do"),
        Write("/api/v2/write", "Publish line protocol, as clients of InfluxDB 2 do"),
        Ping("GET"),
        Ping("HEAD"),
        new("GET", "/health", "What clients of InfluxDB ask before they write", HealthAsync) { Answer = ApiAnswer.Object(Health), PassesOverOthers = true },
        new("GET", "/settings", "What clients of QuestDB ask before they write", SettingsAsync)
        {
            Description = "Asks them for version 1 of the protocol, which is text, in which decimals are exact.",
            Answer = ApiAnswer.Text("application/json", Settings),
            PassesOverOthers = true,
        },
    ];

    private ApiRoute Write(string path, string summary) => new("POST", path, summary, WriteAsync)
    {
        Description = "Measurements trade, quote, run, cancel and correct, or those of the server's mapping file; tags and fields have the names of the columns of /v1/events, as either. "
            + $"Each line stands or falls alone. {PublishArguments.Again} Arguments of InfluxDB (db, rp, org, bucket and others) are passed over.",
        Arguments = [PrecisionArgument, .. PublishArguments.All],
        PassesOverOthers = true,
        Body = ApiBody.Text(Example),
        Answer = ApiAnswer.Nothing,
        Headers = [ApiHeader.Accepted, ApiHeader.Flagged, ApiHeader.Duplicate, ApiHeader.Rejected],
        Errors = PublishArguments.Errors,
        Refusal = Refused,
    };

    private static ApiRoute Ping(string method) => new(method, "/ping", "Whether the server answers, as clients of InfluxDB ask", PingAsync)
    {
        Answer = ApiAnswer.Nothing,
        Headers = [new ApiHeader("X-Influxdb-Version", Version, "The version of InfluxDB whose clients find what they expect.")],
        PassesOverOthers = true,
    };

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

    private static Task SettingsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(Settings, context.RequestAborted);
    }
}

using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Domain;
using Grid.Gateway.Http.Routes;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>
/// The description of the interface in OpenAPI 3.1, made of the table that maps it. The framework's own generator sees only
/// handlers whose arguments it binds itself, and these read their own, so that every refusal names the value and the rule.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>Where it is served.</summary>
    public const string Path = "/openapi/v1.json";

    private const string ProblemType = "application/problem+json";

    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document.</summary>
    public static byte[] Write(IReadOnlyList<ApiRoute> routes) => JsonSerializer.SerializeToUtf8Bytes(Of(routes), Plain);

    /// <summary>The document as a tree.</summary>
    public static JsonObject Of(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var path in routes.GroupBy(r => r.Path))
        {
            paths[path.Key] = new JsonObject(path.Select(r => KeyValuePair.Create<string, JsonNode?>(r.Method.ToLowerInvariant(), Operation(r))));
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Grid",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version!.ToString(3),
                ["description"] = "Latest price, ticks, bars and quality of every instrument while the feed runs. Decimals are exact and, in JSON, strings; times are ISO 8601 in UTC with nanoseconds. "
                    + "Lists come page by page: Grid-Next and Link of an answer lead to the next page.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = new JsonObject { ["Problem"] = Problem() } },
            ["x-error-codes"] = new JsonArray([.. Enum.GetValues<GridErrorCode>().Where(c => c != GridErrorCode.None).Select(ErrorCode)]),
        };
    }

    private static JsonObject Operation(ApiRoute route)
    {
        var operation = new JsonObject
        {
            ["operationId"] = OperationId(route),
            ["summary"] = route.Summary,
        };
        if (route.Description.Length > 0)
        {
            operation["description"] = route.Description;
        }

        operation["parameters"] = new JsonArray([.. Parameters(route)]);
        if (route.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = Content(JsonSchema.ArrayOf(JsonSchema.Of(body, isInput: true)), new JsonArray(JsonSchema.Example(body))) },
            };
        }

        operation["responses"] = Responses(route);
        return operation;
    }

    private static IEnumerable<JsonNode> Parameters(ApiRoute route)
    {
        foreach (var argument in route.Arguments)
        {
            yield return new JsonObject
            {
                ["name"] = argument.Name,
                ["in"] = argument.IsInPath ? "path" : "query",
                ["required"] = argument.IsInPath,
                ["description"] = argument.Description,
                ["schema"] = JsonNode.Parse(argument.Schema),
                ["example"] = argument.Example,
            };
        }

        if (route.MayBeNotModified)
        {
            yield return new JsonObject
            {
                ["name"] = "If-None-Match",
                ["in"] = "header",
                ["required"] = false,
                ["description"] = "The ETag of an earlier answer: the answer is 304 while nothing has changed.",
                ["schema"] = new JsonObject { ["type"] = "string" },
                ["example"] = ApiHeader.ETag.Example,
            };
        }
    }

    private static JsonObject Responses(ApiRoute route)
    {
        var responses = new JsonObject { ["200"] = Answer(route, "What was asked for.") };
        if (route.MayBeNotModified)
        {
            responses["304"] = new JsonObject { ["description"] = "Nothing has changed since the answer whose ETag was given.", ["headers"] = Headers(route) };
        }

        if (route.MayBeUnavailable)
        {
            responses["503"] = Answer(route, "The grid has stopped.");
        }

        foreach (var status in route.Errors.Append(GridErrorCode.BadArgument).Distinct().GroupBy(GridError.HttpStatus).OrderBy(s => s.Key))
        {
            responses[status.Key.ToString(CultureInfo.InvariantCulture)] = Refusal(string.Join(' ', status.Order().Select(c => $"{c}: {ErrorTexts.Of(c)}")), status.Order().First());
        }

        responses["500"] = Refusal("Internal: The server failed on this request; its log says why.", null);
        return responses;
    }

    private static JsonObject Answer(ApiRoute route, string description)
    {
        var answer = new JsonObject { ["description"] = description };
        if (route.Headers.Count > 0)
        {
            answer["headers"] = Headers(route);
        }

        answer["content"] = Contents(route.Answer);
        return answer;
    }

    private static JsonObject Headers(ApiRoute route) => new(route.Headers.Select(h => KeyValuePair.Create<string, JsonNode?>(h.Name, new JsonObject
    {
        ["description"] = h.Description,
        ["schema"] = new JsonObject { ["type"] = "string" },
        ["example"] = h.Example,
    })));

    private static JsonObject Contents(ApiAnswer answer)
    {
        if (answer.Shape is not { } shape)
        {
            return new JsonObject { [answer.ContentType] = Content(new JsonObject { ["type"] = "string" }, answer.Example) };
        }

        var isArray = answer.Kind is AnswerKind.Rows or AnswerKind.Array;
        var contents = new JsonObject
        {
            ["application/json"] = isArray
                ? Content(JsonSchema.ArrayOf(JsonSchema.Of(shape)), new JsonArray(JsonSchema.Example(shape)))
                : Content(JsonSchema.Of(shape), JsonSchema.Example(shape)),
        };
        if ((answer.Kind is AnswerKind.Rows or AnswerKind.Row ? shape : answer.InRows) is { } rows)
        {
            contents["text/csv"] = Content(new JsonObject { ["type"] = "string" }, JsonSchema.ExampleCsv(rows));
            contents["application/x-ndjson"] = Content(new JsonObject { ["type"] = "string" }, JsonSchema.Example(rows).ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n");
        }

        return contents;
    }

    private static JsonObject Content(JsonNode schema, JsonNode? example) => new() { ["schema"] = schema, ["example"] = example };

    private static JsonObject Refusal(string description, GridErrorCode? code) => new()
    {
        ["description"] = description,
        ["content"] = new JsonObject
        {
            [ProblemType] = new JsonObject
            {
                ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Problem" },
                ["example"] = new JsonObject
                {
                    ["type"] = "about:blank",
                    ["title"] = code?.ToString() ?? "Internal",
                    ["status"] = code is { } known ? GridError.HttpStatus(known) : StatusCodes.Status500InternalServerError,
                    ["detail"] = code is { } told ? ErrorTexts.Of(told) : "the server failed on this request; its log says why",
                    ["code"] = code?.ToString() ?? "Internal",
                    ["retry"] = code is { } tried && GridError.MayRetry(tried),
                },
            },
        },
    };

    private static JsonObject Problem() => new()
    {
        ["type"] = "object",
        ["description"] = "Problem details (RFC 9457).",
        ["required"] = new JsonArray("type", "title", "status", "detail", "code", "retry"),
        ["properties"] = new JsonObject
        {
            ["type"] = new JsonObject { ["type"] = "string" },
            ["title"] = new JsonObject { ["type"] = "string", ["description"] = "The code again." },
            ["status"] = new JsonObject { ["type"] = "integer" },
            ["detail"] = new JsonObject { ["type"] = "string", ["description"] = "A sentence that names the value, the rule and the place." },
            ["code"] = new JsonObject
            {
                ["type"] = "string",
                ["enum"] = new JsonArray([.. Enum.GetValues<GridErrorCode>().Where(c => c != GridErrorCode.None).Select(c => (JsonNode)c.ToString()), "Internal"]),
                ["description"] = "What went wrong; x-error-codes says what each means.",
            },
            ["retry"] = new JsonObject { ["type"] = "boolean", ["description"] = "True if the same request may succeed later." },
        },
    };

    private static JsonObject ErrorCode(GridErrorCode code) => new()
    {
        ["code"] = code.ToString(),
        ["number"] = (int)code,
        ["status"] = GridError.HttpStatus(code),
        ["retry"] = GridError.MayRetry(code),
        ["description"] = ErrorTexts.Of(code),
    };

    // GET /v1/ticks/{symbol} is get-v1-ticks-symbol.
    private static string OperationId(ApiRoute route) =>
        string.Join('-', new[] { route.Method.ToLowerInvariant() }.Concat(route.Path.Split('/', '{', '}', '.').Where(p => p.Length > 0)));
}

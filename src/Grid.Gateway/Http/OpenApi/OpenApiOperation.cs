using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Http.Routes;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>One route as the description has it.</summary>
internal static class OpenApiOperation
{
    /// <summary>Names of the two ways to bring a key.</summary>
    public const string BearerKey = "bearer";
    public const string HeaderKey = "header";

    private const string ProblemType = "application/problem+json";

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // What a server with keys answers at each route that needs one.
    private static readonly GridErrorCode[] AccessErrors = [GridErrorCode.Unauthorized, GridErrorCode.Forbidden, GridErrorCode.RateLimited];

    public static JsonObject Of(ApiRoute route)
    {
        var operation = new JsonObject { ["operationId"] = OperationId(route), ["summary"] = route.Summary };
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
                ["content"] = new JsonObject(body.Types.Select(type => KeyValuePair.Create<string, JsonNode?>(type, Content(body, type)))),
            };
        }

        var need = RouteRoles.Of(route.Method, route.Path);
        operation["responses"] = Responses(route, need);
        operation["security"] = need.IsOpen ? new JsonArray() : new JsonArray(Key(BearerKey, need.Role), Key(HeaderKey, need.Role), new JsonObject());
        if (route.IsStream)
        {
            operation["x-websocket"] = StreamSchemas.Messages();
        }

        return operation;
    }

    private static IEnumerable<JsonNode> Parameters(ApiRoute route)
    {
        foreach (var argument in route.Arguments)
        {
            yield return new JsonObject
            {
                ["name"] = argument.Name,
                ["in"] = argument.Place.ToString().ToLowerInvariant(),
                ["required"] = argument.Place == ArgumentPlace.Path,
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

    private static JsonObject Responses(ApiRoute route, RouteNeed need)
    {
        var responses = new JsonObject();
        if (route.IsStream)
        {
            responses["101"] = new JsonObject { ["description"] = "The connection is a WebSocket from here on; x-websocket says what its messages are." };
        }

        responses[Text(route.Answer.Status)] = Answer(route, "What was asked for.");
        if (route.MayBeNotModified)
        {
            responses["304"] = new JsonObject { ["description"] = "Nothing has changed since the answer whose ETag was given.", ["headers"] = Headers(route) };
        }

        if (route.MayBeUnavailable)
        {
            responses["503"] = Answer(route, "The grid has stopped.");
        }

        var errors = route.Errors.Append(GridErrorCode.BadArgument).Concat(need.IsOpen ? [] : AccessErrors).Distinct();
        foreach (var status in errors.GroupBy(GridError.HttpStatus).OrderBy(s => s.Key))
        {
            var description = string.Join(' ', status.Order().Select(c => $"{c}: {ErrorTexts.Of(c)}"));
            responses[Text(status.Key)] = Refusal(description, status.Order().First(), status.All(c => AccessErrors.Contains(c)) ? null : route.Refusal);
        }

        responses["500"] = Refusal("Internal: The server failed on this request; its log says why.", null, null);
        return responses;
    }

    private static JsonObject Answer(ApiRoute route, string description)
    {
        var answer = new JsonObject { ["description"] = description };
        if (route.Headers.Count > 0)
        {
            answer["headers"] = Headers(route);
        }

        if (route.Answer.Kind != AnswerKind.Nothing)
        {
            answer["content"] = Contents(route.Answer);
        }

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
            return new JsonObject
            {
                [answer.ContentType] = answer.ContentType == ApiBody.Json
                    ? Content(new JsonObject { ["type"] = "object" }, JsonNode.Parse(answer.Example))
                    : Content(new JsonObject { ["type"] = "string" }, answer.Example),
            };
        }

        var isArray = answer.Kind is AnswerKind.Rows or AnswerKind.Array;
        var contents = new JsonObject
        {
            [ApiBody.Json] = isArray
                ? Content(JsonSchema.ArrayOf(JsonSchema.Of(shape)), new JsonArray(JsonSchema.Example(shape)))
                : Content(JsonSchema.Of(shape), JsonSchema.Example(shape)),
        };
        if ((answer.Kind is AnswerKind.Rows or AnswerKind.Row ? shape : answer.InRows) is { } rows)
        {
            contents[ApiBody.Csv] = Text(JsonSchema.ExampleCsv(rows));
            contents[ApiBody.Ndjson] = Text(ExampleLine(rows));
        }

        return contents;
    }

    private static JsonObject Content(ApiBody body, string type) => body.Shape is not { } shape ? Text(body.Example) : type switch
    {
        ApiBody.Csv => Text(JsonSchema.ExampleCsv(shape)),
        ApiBody.Ndjson => Text(ExampleLine(shape)),
        _ => Content(JsonSchema.ArrayOf(JsonSchema.OfInput(shape, body.Required)), new JsonArray(JsonSchema.Example(shape))),
    };

    private static JsonObject Content(JsonNode schema, JsonNode? example) => new() { ["schema"] = schema, ["example"] = example };

    private static JsonObject Text(string example) => Content(new JsonObject { ["type"] = "string" }, example);

    private static string ExampleLine(Rows.RowShape rows) => JsonSchema.Example(rows).ToJsonString(OneLine) + "\n";

    private static JsonObject Refusal(string description, GridErrorCode? code, ApiRefusal? own)
    {
        var problem = new JsonObject { ["$ref"] = "#/components/schemas/Problem" };
        var content = own is null ? Content(problem, Example(code))
            : own.IsProblem ? Content(new JsonObject { ["allOf"] = new JsonArray(problem, JsonSchema.Of(own.Shape)) }, Example(code))
            : Content(JsonSchema.Of(own.Shape), JsonSchema.Example(own.Shape));
        return new JsonObject
        {
            ["description"] = description,
            ["content"] = new JsonObject { [own is { IsProblem: false } ? ApiBody.Json : ProblemType] = content },
        };
    }

    private static JsonObject Example(GridErrorCode? code) => new()
    {
        ["type"] = "about:blank",
        ["title"] = code?.ToString() ?? "Internal",
        ["status"] = code is { } known ? GridError.HttpStatus(known) : StatusCodes.Status500InternalServerError,
        ["detail"] = code is { } told ? ErrorTexts.Of(told) : "the server failed on this request; its log says why",
        ["code"] = code?.ToString() ?? "Internal",
        ["retry"] = code is { } tried && GridError.MayRetry(tried),
    };

    private static JsonObject Key(string scheme, AccessRole role) => new() { [scheme] = new JsonArray(role.ToString().ToLowerInvariant()) };

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);

    // GET /v1/ticks/{symbol} is get-v1-ticks-symbol.
    private static string OperationId(ApiRoute route) =>
        string.Join('-', new[] { route.Method.ToLowerInvariant() }.Concat(route.Path.Split('/', '{', '}', '.').Where(p => p.Length > 0)));
}

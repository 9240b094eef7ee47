using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Domain;
using Grid.Gateway.Http.Routes;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>
/// The description of the interface in OpenAPI 3.1, made of the table that maps it. The framework's own generator sees only
/// handlers whose arguments it binds itself, and these read their own, so that every refusal names the value and the rule.
/// </summary>
internal static class OpenApiDocument
{
    /// <summary>Where it is served.</summary>
    public const string Path = "/openapi/v1.json";

    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document.</summary>
    public static byte[] Write(IReadOnlyList<ApiRoute> routes) => JsonSerializer.SerializeToUtf8Bytes(Of(routes), Plain);

    /// <summary>The document as a tree.</summary>
    public static JsonObject Of(IReadOnlyList<ApiRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var path in routes.GroupBy(r => r.Path))
        {
            paths[path.Key] = new JsonObject(path.Select(r => KeyValuePair.Create<string, JsonNode?>(r.Method.ToLowerInvariant(), OpenApiOperation.Of(r))));
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
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject([KeyValuePair.Create<string, JsonNode?>("Problem", Problem()), .. StreamSchemas.All()]),
                ["securitySchemes"] = new JsonObject
                {
                    [OpenApiOperation.BearerKey] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "A key that 'grid keys create' printed. A server without keys asks for none." },
                    [OpenApiOperation.HeaderKey] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "X-API-Key", ["description"] = "The same." },
                },
            },
            ["x-error-codes"] = new JsonArray([.. Enum.GetValues<GridErrorCode>().Where(c => c != GridErrorCode.None).Select(ErrorCode)]),
        };
    }

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
}

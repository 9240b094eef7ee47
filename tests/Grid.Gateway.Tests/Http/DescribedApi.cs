using System.Text.Json.Nodes;
using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http;
using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Publishing;
using Grid.Runtime;
using Grid.Testing;

namespace Grid.Gateway.Tests.Http;

/// <summary>The description of the interface, and whether answers are as it says.</summary>
internal static class DescribedApi
{
    public static IReadOnlyList<ApiRoute> Routes()
    {
        var grid = new RecordingGrid();
        var options = new GatewayOptions();
        return GridRoutes.All(
            grid, options, new EventPublisher(grid, "http", 1, TimeProvider.System), TimeProvider.System, new LatestEndpoint(grid, options), new DescriptionEndpoints(), CancellationToken.None);
    }

    public static JsonObject Document() => OpenApiDocument.Of(Routes());

    public static IEnumerable<(string Path, string Method, JsonNode Operation)> Operations(JsonNode document) =>
        document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(m => (p.Key, m.Key, m.Value!)));

    /// <summary>What a reference refers to; else the schema itself.</summary>
    public static JsonNode Resolve(JsonNode document, JsonNode schema) =>
        (string?)schema["$ref"] is { } reference ? document["components"]!["schemas"]![reference.Split('/')[^1]]! : schema;

    /// <summary>The names of arguments in the query.</summary>
    public static string[] Arguments(JsonNode operation) =>
        [.. operation["parameters"]!.AsArray().Where(p => (string)p!["in"]! == "query").Select(p => (string)p!["name"]!)];

    /// <summary>A server that knows everything of instrument A.</summary>
    public static async Task<HttpFixture> WithAllAsync()
    {
        var fixture = await HttpFixture.WithAsync("A");
        await fixture.PutAsync("/v1/instruments", """[{"symbol":"A","class":"equity"}]""");
        var cusip = Cusip.Parse("037833100");
        fixture.Grid.Quality[new InstrumentId(1)] = new InstrumentQuality(new InstrumentId(1), new InstrumentCounts { Accepted = 1 }, MarketSeed.Start, 0);
        fixture.Grid.Runs[cusip] = new CusipRuns(cusip, [20231114], new CusipMarket(20231114, default, default, 0), []);
        fixture.Grid.Bars[new InstrumentId(1)] = [new Bar { Start = MarketSeed.Start }];
        fixture.Grid.Gaps.Add(new Gap(new SourceId(1), default, 1, 2, 3));
        return fixture;
    }

    /// <summary>Fails if an answer lacks a header that is described; there may be no next page.</summary>
    public static void AssertHasHeaders(JsonNode described, HttpResponseMessage response, string place) =>
        Assert.All(
            (described["headers"]?.AsObject() ?? []).Select(h => h.Key).Except(["Grid-Next", "Link"]),
            name => Assert.True(response.Headers.Contains(name), $"{place} lacks {name}"));

    /// <summary>Fails unless a value is as our schemas can say: types, properties, items. An open one may have properties that others describe.</summary>
    public static void AssertFits(JsonNode schema, JsonNode? value, string place, bool isOpen = false)
    {
        var types = schema["type"] is JsonArray several ? [.. several.Select(t => (string)t!)] : new[] { (string)schema["type"]! };
        var type = value?.GetValueKind() switch
        {
            null or System.Text.Json.JsonValueKind.Null => "null",
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => types.Contains("number") ? "number" : "integer",
            System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False => "boolean",
            System.Text.Json.JsonValueKind.Array => "array",
            _ => "object",
        };
        Assert.True(types.Contains(type), $"{place}: {value?.ToJsonString() ?? "null"} is {type}, not {string.Join(" or ", types)}");
        if (value is JsonArray items)
        {
            foreach (var (i, item) in items.Index())
            {
                AssertFits(schema["items"]!, item, $"{place}[{i}]");
            }
        }
        else if (value is JsonObject properties && schema["properties"] is not null)
        {
            Assert.All(schema["required"]!.AsArray(), name => Assert.True(properties.ContainsKey((string)name!), $"{place} lacks {name}"));
            foreach (var (name, inner) in properties.Where(p => !isOpen || schema["properties"]!.AsObject().ContainsKey(p.Key)))
            {
                Assert.True(schema["properties"]!.AsObject().ContainsKey(name), $"{place}: {name} is not described");
                AssertFits(schema["properties"]![name]!, inner, $"{place}.{name}");
            }
        }
    }
}

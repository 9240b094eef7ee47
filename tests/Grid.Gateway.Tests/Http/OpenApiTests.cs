using System.Net;
using System.Text.Json.Nodes;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http;
using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Http.Routes;
using Grid.Runtime;
using Grid.Gateway.Publishing;
using Grid.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grid.Gateway.Tests.Http;

public sealed class OpenApiTests
{
    [Fact]
    public async Task Every_mapped_route_is_in_the_document_and_nothing_else_is()
    {
        await using var fixture = await HttpFixture.WithAsync();
        var document = await fixture.JsonAsync(OpenApiDocument.Path);
        var app = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        app.WebHost.UseKestrelCore();
        app.Services.AddRoutingCore();
        await using var host = app.Build();
        await using var routes = host.MapGrid(new RecordingGrid(), new GatewayOptions(), TimeProvider.System);

        var mapped = ((IEndpointRouteBuilder)host).DataSources.SelectMany(s => s.Endpoints).Cast<RouteEndpoint>().Where(e => !IsOfAProtocol(e)).SelectMany(
            e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal)}"));
        var described = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(m => $"{m.Key.ToUpperInvariant()} {p.Key}"));

        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_route_answers_as_its_description_says()
    {
        await using var fixture = await WithAllAsync();
        var document = await fixture.JsonAsync(OpenApiDocument.Path);
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            if (methods!["get"] is not { } operation)
            {
                continue;
            }

            var asked = path.Replace("{symbol}", "A", StringComparison.Ordinal).Replace("{cusip}", "037833100", StringComparison.Ordinal);
            asked += Arguments(operation).Contains("instruments") ? "?pattern=*" : string.Empty;
            using var response = await fixture.GetAsync(asked);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{asked}: {text}");
            var content = operation["responses"]!["200"]!["content"]!.AsObject();
            Assert.True(content.ContainsKey(response.Content.Headers.ContentType!.MediaType!), $"{asked}: {response.Content.Headers.ContentType}");
            if (content["application/json"] is { } json && path != OpenApiDocument.Path)
            {
                AssertFits(json["schema"]!, JsonNode.Parse(text), asked);
                AssertFits(json["schema"]!, json["example"], asked);
            }
        }
    }

    [Fact]
    public async Task Every_argument_has_a_schema_an_example_and_a_description_and_is_known_to_its_route()
    {
        await using var fixture = await WithAllAsync();
        var document = await fixture.JsonAsync(OpenApiDocument.Path);
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
            {
                Assert.False(string.IsNullOrEmpty((string?)operation!["summary"]), path);
                var named = path.Split('{', '}').Where((_, i) => i % 2 == 1);
                Assert.Equal(named, operation["parameters"]!.AsArray().Where(p => (string)p!["in"]! == "path").Select(p => (string)p!["name"]!));
                foreach (var parameter in operation["parameters"]!.AsArray())
                {
                    Assert.NotNull(parameter!["schema"]!["type"]);
                    Assert.NotNull(parameter["example"]);
                    Assert.EndsWith(".", (string)parameter["description"]!, StringComparison.Ordinal);
                }

                foreach (var argument in Arguments(operation).Where(_ => method == "get"))
                {
                    var asked = path.Replace("{symbol}", "A", StringComparison.Ordinal).Replace("{cusip}", "037833100", StringComparison.Ordinal);
                    using var response = await fixture.GetAsync($"{asked}?{argument}=%00");
                    var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                    Assert.DoesNotContain("there is no argument", text, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void The_document_is_well_formed()
    {
        var document = OpenApiDocument.Of(Routes());

        Assert.Equal("3.1.0", (string)document["openapi"]!);
        Assert.All(["title", "version", "description"], name => Assert.NotEmpty((string)document["info"]![name]!));
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(m => m.Value!)).ToList();
        Assert.Equal(operations.Count, operations.Select(o => (string)o["operationId"]!).Distinct().Count());
        foreach (var response in operations.SelectMany(o => o["responses"]!.AsObject()))
        {
            Assert.Matches("^[1-5][0-9][0-9]$", response.Key);
            Assert.NotEmpty((string)response.Value!["description"]!);
            foreach (var header in response.Value["headers"]?.AsObject() ?? [])
            {
                Assert.NotNull(header.Value!["schema"]);
                Assert.NotEmpty((string)header.Value["description"]!);
                Assert.NotEmpty((string)header.Value["example"]!);
            }

            foreach (var content in response.Value["content"]?.AsObject() ?? [])
            {
                var schema = content.Value!["schema"]!.AsObject();
                Assert.True(schema.ContainsKey("type") || (string)schema["$ref"]! == "#/components/schemas/Problem");
                Assert.NotNull(content.Value["example"]);
            }
        }

        Assert.NotNull(document["components"]!["schemas"]!["Problem"]);
    }

    [Fact]
    public void All_error_codes_are_listed_with_their_status_and_meaning()
    {
        var document = OpenApiDocument.Of(Routes());

        var codes = Enum.GetValues<GridErrorCode>().Where(c => c != GridErrorCode.None).ToList();
        Assert.Equal(
            codes.Select(c => (c.ToString(), (int)c, GridError.HttpStatus(c), GridError.MayRetry(c))),
            document["x-error-codes"]!.AsArray().Select(c => ((string)c!["code"]!, (int)c["number"]!, (int)c["status"]!, (bool)c["retry"]!)));
        Assert.All(document["x-error-codes"]!.AsArray(), c => Assert.EndsWith(".", (string)c!["description"]!, StringComparison.Ordinal));
        Assert.Equal(
            [.. codes.Select(c => c.ToString()), "Internal"],
            document["components"]!["schemas"]!["Problem"]!["properties"]!["code"]!["enum"]!.AsArray().Select(c => (string)c!));
    }

    [Theory]
    [InlineData("/docs", "/openapi/v1.json")]
    public async Task The_page_stands_alone(string path, string asks)
    {
        await using var fixture = await HttpFixture.WithAsync();

        using var response = await fixture.GetAsync(path);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'none';", Assert.Single(response.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Contains(asks, page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    // Line protocol, published rows and subscriptions are described in Publishing/DESIGN.md and STREAM.md; the dashboard is a page.
    private static bool IsOfAProtocol(RouteEndpoint endpoint) =>
        endpoint.RoutePattern.RawText is "/" or "/write" or "/api/v2/write" or "/ping" or "/health" or "/settings" or "/v1/events" or "/v1/stream"
        || endpoint.RoutePattern.RawText!.StartsWith("/dashboard/", StringComparison.Ordinal);

    private static IReadOnlyList<ApiRoute> Routes()
    {
        var grid = new RecordingGrid();
        var options = new GatewayOptions();
        return GridRoutes.All(grid, options, new InstrumentPublisher(new EventPublisher(grid, "http", 1, TimeProvider.System), TimeProvider.System), TimeProvider.System, new LatestEndpoint(grid, options), new DescriptionEndpoints());
    }

    private static string[] Arguments(JsonNode operation) =>
        [.. operation["parameters"]!.AsArray().Where(p => (string)p!["in"]! == "query").Select(p => (string)p!["name"]!)];

    // An instrument of which everything is known.
    private static async Task<HttpFixture> WithAllAsync()
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

    // What our schemas say, no more: types, properties, items.
    private static void AssertFits(JsonNode schema, JsonNode? value, string place)
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
        else if (value is JsonObject properties)
        {
            Assert.All(schema["required"]!.AsArray(), name => Assert.True(properties.ContainsKey((string)name!), $"{place} lacks {name}"));
            foreach (var (name, inner) in properties)
            {
                Assert.True(schema["properties"]!.AsObject().ContainsKey(name), $"{place}: {name} is not described");
                AssertFits(schema["properties"]![name]!, inner, $"{place}.{name}");
            }
        }
    }
}

using Grid.Domain;
using Grid.Gateway.Http;
using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Rows;
using Grid.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Grid.Gateway.Tests.Http.DescribedApi;

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

        var mapped = ((IEndpointRouteBuilder)host).DataSources.SelectMany(s => s.Endpoints).Cast<RouteEndpoint>().Where(e => !IsAPage(e)).SelectMany(
            e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal)}"));
        var described = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(m => $"{m.Key.ToUpperInvariant()} {p.Key}"));

        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_columns_of_events_are_those_that_are_read()
    {
        var document = Document();

        var schema = document["paths"]!["/v1/events"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"]!["items"]!;

        Assert.Equal(EventColumns.Names, schema["properties"]!.AsObject().Select(p => p.Key));
    }

    [Theory]
    [InlineData("/v1/latest", "get", "read")]
    [InlineData("/v1/stream", "get", "read")]
    [InlineData("/v1/events", "post", "feed")]
    [InlineData("/v1/instruments", "put", "admin")]
    [InlineData("/health/live", "get", null)]
    public void Each_route_says_what_key_it_needs(string path, string method, string? role)
    {
        var operation = Document()["paths"]![path]![method]!;

        Assert.Equal(role, (string?)operation["security"]!.AsArray().FirstOrDefault()?["bearer"]![0]);
        Assert.Equal(role is not null, operation["responses"]!["401"] is not null);
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

                foreach (var argument in Arguments(operation).Where(_ => method is "get" or "post"))
                {
                    var asked = path.Replace("{symbol}", "A", StringComparison.Ordinal).Replace("{cusip}", "037833100", StringComparison.Ordinal);
                    using var request = new HttpRequestMessage(HttpMethod.Parse(method), $"{asked}?{argument}=%00");
                    using var response = await fixture.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                    if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
                    {
                        continue;
                    }

                    var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                    Assert.DoesNotContain("there is no argument", text, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void The_document_is_well_formed()
    {
        var document = Document();

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
                Assert.True(schema.ContainsKey("type") || Resolve(document, schema["allOf"]?[0] ?? schema) == document["components"]!["schemas"]!["Problem"]);
                Assert.NotNull(content.Value["example"]);
            }
        }

        Assert.NotNull(document["components"]!["schemas"]!["Problem"]);
    }

    [Fact]
    public void All_error_codes_are_listed_with_their_status_and_meaning()
    {
        var document = Document();

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

    // The dashboard: files for browsers, which may be others in any version.
    private static bool IsAPage(RouteEndpoint endpoint) =>
        endpoint.RoutePattern.RawText is "/" || endpoint.RoutePattern.RawText!.StartsWith("/dashboard/", StringComparison.Ordinal);
}

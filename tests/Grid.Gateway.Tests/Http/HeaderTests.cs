using System.IO.Compression;
using System.Net;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http;

namespace Grid.Gateway.Tests.Http;

/// <summary>Entity tags, compression, and what pages of other origins may do.</summary>
public sealed class HeaderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_unchanged_instrument_is_not_sent_again()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        var tag = await TagAsync(fixture, "A");

        foreach (var condition in new[] { tag, $"W/{tag}", $"\"other\", {tag}", "*" })
        {
            using var unchanged = await GetAsync(fixture, "/v1/latest/A", ("If-None-Match", condition));
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
            Assert.Equal(tag, unchanged.Headers.ETag!.ToString());
            Assert.Empty(await unchanged.Content.ReadAsByteArrayAsync(Cancel));
        }

        await fixture.PutAsync("/v1/instruments", """[{"symbol":"A"}]""");
        using var changed = await GetAsync(fixture, "/v1/latest/A", ("If-None-Match", tag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag, changed.Headers.ETag!.ToString());
    }

    [Fact]
    public async Task A_tag_of_an_earlier_start_is_never_one_of_this()
    {
        await using var before = await HttpFixture.WithAsync("A");
        await using var after = await HttpFixture.WithAsync("A");

        Assert.NotEqual(await TagAsync(before, "A"), await TagAsync(after, "A"));
    }

    [Fact]
    public void Tags_are_made_once_for_each_version()
    {
        var tags = new LatestTags();
        var latest = new Latest { Instrument = new InstrumentId(1), Version = 7 };
        var other = latest with { Instrument = new InstrumentId(1 + (1 << 14)) };

        Assert.Same(tags.Of(in latest), tags.Of(in latest));
        Assert.EndsWith("-7\"", tags.Of(in latest), StringComparison.Ordinal);
        latest.Version++;
        Assert.EndsWith("-8\"", tags.Of(in latest), StringComparison.Ordinal);
        Assert.EndsWith("-7\"", tags.Of(in other), StringComparison.Ordinal);
        Assert.EndsWith("-8\"", tags.Of(in latest), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"a\"", true)]
    [InlineData("W/\"a\"", true)]
    [InlineData("\"b\",\"a\"", true)]
    [InlineData("\"b\" , W/\"a\" ", true)]
    [InlineData("*", true)]
    [InlineData("a", false)]
    [InlineData("\"aa\"", false)]
    [InlineData("", false)]
    public void A_condition_names_a_tag(string condition, bool isNamed) => Assert.Equal(isNamed, LatestTags.IsNamed(condition, "\"a\""));

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    public async Task A_large_answer_is_compressed_where_the_client_takes_it(string encoding)
    {
        await using var fixture = await HttpFixture.WithAsync([.. Enumerable.Range(0, 500).Select(i => $"S{i:D3}")]);
        var plain = await fixture.TextAsync("/v1/latest?pattern=*");

        using var response = await GetAsync(fixture, "/v1/latest?pattern=*", ("Accept-Encoding", encoding));

        var bytes = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.Equal(encoding, Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.Equal("Accept-Encoding", Assert.Single(response.Headers.Vary));
        Assert.InRange(bytes.Length, 1, plain.Length / 4);
        await using Stream whole = encoding == "br"
            ? new BrotliStream(new MemoryStream(bytes), CompressionMode.Decompress)
            : new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        Assert.Equal(plain, await new StreamReader(whole).ReadToEndAsync(Cancel));
    }

    [Theory]
    [InlineData("/v1/latest/A")]
    [InlineData("/v1/bbo/A")]
    [InlineData("/v1/ticks/A?format=csv")]
    public async Task A_small_answer_is_not_compressed(string path)
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        using var response = await GetAsync(fixture, path, ("Accept-Encoding", "br, gzip"));

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.NotNull(response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Pages_of_other_origins_may_not_read_unless_they_are_named()
    {
        await using var closed = await HttpFixture.WithAsync("A");
        await using var open = await HttpFixture.StartAsync(o => o.CorsOrigins = ["https://desk.example", "http://localhost:3000"], symbols: ["A"]);

        foreach (var path in new[] { "/v1/latest/A", "/v1/latest?pattern=*", "/v1/latest/NOPE" })
        {
            using var none = await GetAsync(closed, path, ("Origin", "https://desk.example"));
            using var named = await GetAsync(open, path, ("Origin", "https://desk.example"));
            using var other = await GetAsync(open, path, ("Origin", "https://evil.example"));
            Assert.False(none.Headers.Contains("Access-Control-Allow-Origin"));
            Assert.Equal("https://desk.example", Assert.Single(named.Headers.GetValues("Access-Control-Allow-Origin")));
            Assert.Contains("Grid-Next", string.Join(',', named.Headers.GetValues("Access-Control-Expose-Headers")), StringComparison.Ordinal);
            Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("PUT", false)]
    public async Task Pages_of_named_origins_may_read_and_not_write(string method, bool isAllowed)
    {
        await using var fixture = await HttpFixture.StartAsync(o => o.CorsOrigins = ["https://desk.example"]);
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/instruments");
        preflight.Headers.Add("Origin", "https://desk.example");
        preflight.Headers.Add("Access-Control-Request-Method", method);

        using var response = await fixture.Client.SendAsync(preflight, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("GET", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Methods")));
        Assert.Equal(isAllowed, response.Headers.GetValues("Access-Control-Allow-Methods").Contains(method));
    }

    [Fact]
    public void Origins_that_are_none_are_named()
    {
        var options = new GatewayOptions { CorsOrigins = ["*", "https://a.example/", "ftp://a.example", "https://A.example", "https://a.example", "http://127.0.0.1:8080"] };

        var e = Assert.Throws<ArgumentException>(options.Validate);

        const string Rule = "each must be http or https, a host in lower case and, unless it is the usual one, a port, such as https://dashboard.example.";
        Assert.Equal(
            $"""
            Http option CorsOrigins has '*'; {Rule}
            Http option CorsOrigins has 'https://a.example/'; {Rule}
            Http option CorsOrigins has 'ftp://a.example'; {Rule}
            Http option CorsOrigins has 'https://A.example'; {Rule}
            """,
            e.Message);
    }

    private static async Task<string> TagAsync(HttpFixture fixture, string symbol)
    {
        using var response = await fixture.GetAsync("/v1/latest/" + symbol);
        return response.Headers.ETag!.ToString();
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpFixture fixture, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await fixture.Client.SendAsync(request, Cancel);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Gateway.Tests.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Tests.Access;

public sealed class HttpAccessTests : IDisposable
{
    private readonly KeyFolder _keys = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task Every_mapped_route_is_closed_to_all_who_may_not()
    {
        var right = new Dictionary<AccessRole, ApiKey>();
        foreach (var role in Enum.GetValues<AccessRole>())
        {
            right[role] = await _keys.AddAsync(role);
        }

        var expired = await _keys.AddAsync(AccessRole.Admin, r => r with { Expires = r.Created });
        var revoked = await _keys.AddAsync(AccessRole.Admin, r => r with { Revoked = r.Created });
        var good = right[AccessRole.Admin];
        string[] strangers = ["", "letmein", good.Text[..^1] + (good.Text[^1] == 'x' ? 'y' : 'x'), ApiKey.Create().Text, WrongSecret.Of(good, expired), expired.Text, revoked.Text];
        await using var fixture = await StartAsync();
        var routes = Routes(fixture).ToList();
        Assert.Contains(("PUT", "/v1/instruments"), routes);
        Assert.Contains(("GET", "/v1/latest/A"), routes);
        Assert.Contains(("GET", "/v1/stream"), routes);
        Assert.Contains(("POST", "/v1/events"), routes);
        Assert.Contains(("POST", "/write"), routes);
        Assert.Contains(("GET", "/settings"), routes);

        foreach (var (method, path) in routes)
        {
            var need = RouteRoles.Of(method, path);
            foreach (var stranger in strangers)
            {
                var (status, body) = await AskAsync(fixture, method, path, stranger);
                Assert.True(need.IsOpen ? status is not HttpStatusCode.Unauthorized : status == HttpStatusCode.Unauthorized, $"{method} {path} with '{stranger}': {status} {body}");
                Assert.True(need.IsOpen || (string?)JsonNode.Parse(body)!["code"] == "Unauthorized", body);
            }

            foreach (var (role, key) in right)
            {
                var (status, body) = await AskAsync(fixture, method, path, key.Text);
                var mayPass = need.IsOpen || role == need.Role || role == AccessRole.Admin;
                Assert.True(mayPass == (status is not HttpStatusCode.Forbidden), $"{method} {path} as {role}: {status} {body}");
                Assert.NotEqual(HttpStatusCode.Unauthorized, status);
            }

            // Wrong keys of one address are limited; that is another test.
            _keys.Time.Advance(TimeSpan.FromMinutes(1));
        }

        AssertNoSecrets([.. right.Values, expired, revoked]);
    }

    [Fact]
    public async Task What_was_not_let_in_changed_nothing()
    {
        var read = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();

        foreach (var key in new[] { string.Empty, read.Text })
        {
            using var request = Request(HttpMethod.Put, "/v1/instruments", key);
            request.Content = new StringContent("""[{"symbol":"NEW"}]""");
            using var response = await fixture.Client.SendAsync(request, Cancel);
            Assert.False(response.IsSuccessStatusCode);
        }

        Assert.Equal(-1, fixture.Grid.Names.Instruments.Find("NEW"));
    }

    [Fact]
    public async Task A_key_comes_as_each_client_brings_it()
    {
        var key = (await _keys.AddAsync(AccessRole.Read)).Text;
        await using var fixture = await StartAsync();
        var basic = Convert.ToBase64String(Encoding.ASCII.GetBytes($"user:{key}"));

        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(fixture, "Authorization", $"Bearer {key}"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(fixture, "Authorization", $"bearer   {key}"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(fixture, "Authorization", $"Token {key}"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(fixture, "Authorization", $"Basic {basic}"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(fixture, "X-API-Key", key));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(fixture, "Authorization", key));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(fixture, "Authorization", "Basic ???"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(fixture, "Authorization", "Basic " + Convert.ToBase64String(new byte[600])));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(fixture, "Sec-WebSocket-Protocol", $"grid, {key}"));
        Assert.Equal(HttpStatusCode.BadRequest, await WithHeaderAsync(fixture, "Sec-WebSocket-Protocol", $"grid, {key}", "/v1/stream"));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(fixture, "X-Nothing", key, $"/v1/status?access_token={key}"));
    }

    [Fact]
    public async Task A_refusal_says_how_to_come_in_and_when()
    {
        var key = await _keys.AddAsync(AccessRole.Read, r => r with { Rate = 1 });
        await using var fixture = await StartAsync();

        using var without = await fixture.GetAsync("/v1/status");
        await HttpFixture.AssertProblemAsync(
            without, HttpStatusCode.Unauthorized, "Unauthorized", "this server asks for a key; the header 'Authorization: Bearer KEY' or 'X-API-Key: KEY' brings it");
        Assert.Equal("Bearer realm=\"grid\"", without.Headers.WwwAuthenticate.ToString());
        using var put = await fixture.Client.SendAsync(Request(HttpMethod.Put, "/v1/instruments", key.Text), Cancel);
        await HttpFixture.AssertProblemAsync(put, HttpStatusCode.Forbidden, "Forbidden", $"key '{key.Id}' has the role read; this needs the role admin");
        using var first = await fixture.Client.SendAsync(Request(HttpMethod.Get, "/v1/status", key.Text), Cancel);
        using var second = await fixture.Client.SendAsync(Request(HttpMethod.Get, "/v1/status", key.Text), Cancel);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        await HttpFixture.AssertProblemAsync(second, HttpStatusCode.TooManyRequests, "RateLimited", $"key '{key.Id}' has used up its rate for now");
        Assert.Equal(TimeSpan.FromSeconds(1), second.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_on_a_connection_that_is_open()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(fixture, "GET", "/v1/latest/A", key.Text)).Status);

        await _keys.RevokeAsync(key);
        _keys.Pass();

        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(fixture, "GET", "/v1/latest/A", key.Text)).Status);
    }

    [Fact]
    public async Task What_an_admin_does_and_who_is_refused_is_in_the_audit_log()
    {
        var admin = await _keys.AddAsync(AccessRole.Admin);
        var read = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();

        await AskAsync(fixture, "PUT", "/v1/instruments", admin.Text);
        await AskAsync(fixture, "PUT", "/v1/instruments?x=1", read.Text);
        await AskAsync(fixture, "GET", "/v1/a%0Ab", "letmein");

        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, $@"^Grid\.Audit .*: key {admin.Id} from 127\.0\.0\.1:\d+: PUT /v1/instruments: Malformed"));
        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, $@"^Grid\.Audit .*: refused key {read.Id} from 127\.0\.0\.1:\d+: PUT /v1/instruments: WrongRole;"));
        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, @"^Grid\.Audit .*: refused key none from 127\.0\.0\.1:\d+: GET /v1/a%0Ab: NotAKey;"));
        Assert.DoesNotContain(_keys.Log.Lines, l => l.Contains("letmein", StringComparison.Ordinal));
        AssertNoSecrets([admin, read]);
    }

    [Fact]
    public async Task A_subscription_ends_with_its_key()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Path) = ("GET", "/v1/stream");
        context.Request.Headers.SecWebSocketProtocol = $"grid, {key.Text}";
        AccessLease? lease = null;
        await new HttpAccess(_keys.Gatekeeper).AnswerAsync(
            c =>
            {
                lease = Gatekeeper.LeaseOf(c);
                return Task.CompletedTask;
            },
            context);
        using var held = lease!;
        _keys.Pass();
        Assert.Equal((key.Id, false), (held.Caller.KeyId, held.Ended.IsCancellationRequested));

        await _keys.RevokeAsync(key);
        _keys.Pass();

        Assert.True(held.Ended.IsCancellationRequested);
        Assert.Equal($"key '{key.Id}' was revoked", held.Reason!.Message);
    }

    [Theory]
    [InlineData("http://evil.example", false)]
    [InlineData("http://127.0.0.1:1", false)]
    [InlineData("null", false)]
    [InlineData("https://grid.example", true)]
    [InlineData("own", true)]
    public async Task A_page_of_another_site_is_refused(string origin, bool isTaken)
    {
        await using var fixture = await HttpFixture.StartAsync(o => o.HostsAllowed = ["grid.example"], symbols: "A");
        using var request = Request(HttpMethod.Get, "/v1/latest/A", string.Empty);
        request.Headers.Add("Origin", origin == "own" ? $"http://{fixture.EndPoint}" : origin);

        using var response = await fixture.Client.SendAsync(request, Cancel);

        Assert.Equal(isTaken ? HttpStatusCode.OK : HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task A_page_of_a_named_origin_may_ask_whether_it_may_bring_a_key()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await HttpFixture.StartAsync(
            o => o.CorsOrigins = ["https://desk.example"], time: _keys.Time, gatekeeper: _keys.Gatekeeper, symbols: "A");
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/latest/A");
        preflight.Headers.Add("Origin", "https://desk.example");
        preflight.Headers.Add("Access-Control-Request-Method", "GET");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization");
        using var without = new HttpRequestMessage(HttpMethod.Get, "/v1/latest/A");
        without.Headers.Add("Origin", "https://desk.example");
        using var with = Request(HttpMethod.Get, "/v1/latest/A", key.Text);
        with.Headers.Add("Origin", "https://desk.example");

        using var allowed = await fixture.Client.SendAsync(preflight, Cancel);
        using var refused = await fixture.Client.SendAsync(without, Cancel);
        using var answered = await fixture.Client.SendAsync(with, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Contains("authorization", allowed.Headers.GetValues("Access-Control-Allow-Headers").Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (refused.StatusCode, answered.StatusCode));
    }

    [Fact]
    public async Task With_keys_any_host_name_is_taken()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();
        using var request = Request(HttpMethod.Get, "/v1/status", key.Text);
        request.Headers.Host = "grid.example";

        using var response = await fixture.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private Task<HttpFixture> StartAsync() => HttpFixture.StartAsync(time: _keys.Time, gatekeeper: _keys.Gatekeeper, symbols: "A");

    private static IEnumerable<(string Method, string Path)> Routes(HttpFixture fixture) =>
        from endpoint in fixture.Server.Endpoints.OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET", "POST"]
        select (method, "/" + Regex.Replace(endpoint.RoutePattern.RawText!, @"\{[^}]*\}", "A").TrimStart('/'));

    private static HttpRequestMessage Request(HttpMethod method, string path, string key)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = key.Length == 0 ? null : new AuthenticationHeaderValue("Bearer", key);
        return request;
    }

    private static async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpFixture fixture, string method, string path, string key)
    {
        // A subscription that is let in has no end.
        using var response = await fixture.Client.SendAsync(Request(new HttpMethod(method), path, key), HttpCompletionOption.ResponseHeadersRead, Cancel);
        return (response.StatusCode, response.IsSuccessStatusCode ? string.Empty : await response.Content.ReadAsStringAsync(Cancel));
    }

    private static async Task<HttpStatusCode> WithHeaderAsync(HttpFixture fixture, string name, string value, string path = "/v1/status")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        using var response = await fixture.Client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private void AssertNoSecrets(IEnumerable<ApiKey> keys)
    {
        var log = string.Join('\n', _keys.Log.Lines);
        Assert.All(keys, k => Assert.DoesNotContain(k.Text[14..57], log, StringComparison.Ordinal));
    }
}

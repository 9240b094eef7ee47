using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Gateway.Http;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Http;

public sealed class RefusalTests
{
    [Fact]
    public async Task A_path_that_does_not_exist_is_not_found()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync("/v1/nothing", HttpStatusCode.NotFound, "NotFound", "there is nothing at '/v1/nothing' for GET");
        using var posted = await fixture.Client.PostAsync("/v1/nothing", null, TestContext.Current.CancellationToken);
        await HttpFixture.AssertProblemAsync(posted, HttpStatusCode.NotFound, "NotFound", "there is nothing at '/v1/nothing' for POST");
    }

    [Theory]
    [InlineData("POST", "/v1/latest/A", "GET")]
    [InlineData("DELETE", "/v1/latest", "GET")]
    [InlineData("POST", "/v1/latest/EUR%2FUSD?limit=1", "GET")]
    [InlineData("DELETE", "/v1/instruments", "GET, PUT")]
    [InlineData("GET", "/v1/events", "POST")]
    [InlineData("PUT", "/write", "POST")]
    [InlineData("POST", "/v1/stream", "GET")]
    [InlineData("POST", "/ping", "GET, HEAD")]
    [InlineData("POST", "/", "GET")]
    public async Task A_method_that_a_path_does_not_take_is_told_which_it_takes(string method, string path, string allow)
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);

        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        await HttpFixture.AssertProblemAsync(
            response, HttpStatusCode.MethodNotAllowed, "MethodNotAllowed", $"'{path.Split('?')[0]}' takes {allow}, not {method}");
        Assert.Equal(allow, string.Join(", ", response.Content.Headers.Allow.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task A_HEAD_of_what_takes_none_is_refused_without_a_body()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        using var request = new HttpRequestMessage(HttpMethod.Head, "/v1/latest/A");

        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET"), (response.StatusCode, Assert.Single(response.Content.Headers.Allow)));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("/v1/ticks/A?form=2023-11-14", "there is no argument 'form' (it is '2023-11-14'); GET /v1/ticks/{symbol} takes from, to, limit, format, cursor")]
    [InlineData("/v1/latest/A?limit=1", "there is no argument 'limit' (it is '1'); GET /v1/latest/{symbol} takes none")]
    [InlineData("/v1/sources?Format=csv&Format=json", "there is no argument 'Format' (it is 'csv,json'); GET /v1/sources takes format")]
    public async Task An_argument_that_does_not_exist_is_refused(string path, string detail)
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync(path, HttpStatusCode.BadRequest, "BadArgument", detail);
        await fixture.TextAsync("/v1/latest/A?");
    }

    [Theory]
    [InlineData("evil.example", false)]
    [InlineData("evil.example:7400", false)]
    [InlineData("127.evil.example", false)]
    [InlineData("127.0.0.2:7400", true)]
    [InlineData("localhost", true)]
    [InlineData("LocalHost:99", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]:80", true)]
    [InlineData("[::1]", true)]
    [InlineData("grid.example:443", true)]
    public async Task A_request_that_is_meant_for_another_host_is_refused(string host, bool isTaken)
    {
        await using var fixture = await HttpFixture.StartAsync(o => o.HostsAllowed = ["grid.example"]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        request.Headers.Host = host;

        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        if (isTaken)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        else
        {
            await HttpFixture.AssertProblemAsync(response, HttpStatusCode.BadRequest, "BadArgument",
                $"the request is meant for host '{host}'; this server answers for localhost and loopback addresses (option HostsAllowed)");
        }
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using var fixture = await HttpFixture.StartAsync(o => o.BodyBytesMax = 1024);

        var (status, problem) = await fixture.PutAsync("/v1/instruments", new string(' ', 2000) + "[]");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "TooLarge"), (status, (string)problem["code"]!));
    }

    [Fact]
    public async Task Headers_over_the_limit_are_refused()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/latest/A");
        request.Headers.Add("X-Long", new string('x', 33 << 10));

        using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Bytes_that_are_no_request_end_their_connection_and_nothing_else()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(fixture.EndPoint, TestContext.Current.CancellationToken);

        await socket.SendAsync(Encoding.ASCII.GetBytes("GRIDFEED rubbish\r\n\r\n"), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 400 ", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
        Assert.Contains("\"A\"", await fixture.TextAsync("/v1/latest/A"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_is_made_of()
    {
        await using var fixture = await HttpFixture.WithAsync();

        using var response = await fixture.GetAsync("/health/live");

        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task An_address_in_use_is_an_IOException()
    {
        await using var fixture = await HttpFixture.WithAsync();

        await Assert.ThrowsAsync<IOException>(() => GatewayServer.StartAsync(
            new RecordingGrid(), new GatewayOptions { EndPoint = fixture.EndPoint }, TimeProvider.System, NullLoggerFactory.Instance, cancel: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Defaults_are_in_range()
    {
        var options = new GatewayOptions();

        options.Validate();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7400), options.EndPoint);
        Assert.Equal((4096, 1_000_000, 16L << 20, 0), (options.ConnectionsMax, options.RowsMax, options.BodyBytesMax, options.HostsAllowed.Count));
        var stream = options.Stream;
        Assert.Equal((4096, 1000, 10_000, 1 << 20, 65_536L), (stream.ConnectionsMax, stream.SubscriptionsMax, stream.NamesMax, stream.MessageBytesMax, stream.TicksBehindMax));
        Assert.Equal(
            (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15), TimeSpan.FromMilliseconds(100)), (stream.SendTimeout, stream.KeepAlive, stream.FlushedAfter));
        Assert.Equal((256L << 20, 16, null), (options.InflatedBytesMax, options.PublishersMax, options.IlpMapping));
        Assert.Empty(options.CorsOrigins);
    }

    [Fact]
    public void Every_option_out_of_its_range_is_named()
    {
        var options = new GatewayOptions { EndPoint = new IPEndPoint(IPAddress.Parse("10.1.2.3"), 80), ConnectionsMax = 0, RowsMax = 0, BodyBytesMax = 1, InflatedBytesMax = 1, PublishersMax = 0 };
        options.Stream = new()
        {
            ConnectionsMax = 0, SubscriptionsMax = 0, NamesMax = 0, MessageBytesMax = 0, TicksBehindMax = 0, SendTimeout = default, KeepAlive = default, FlushedAfter = default,
        };

        var e = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Equal(
            """
            Http option EndPoint is 10.1.2.3:80, which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).
            Http option ConnectionsMax is 0; it must be 1 to 65536 connections.
            Http option RowsMax is 0; it must be 1 to 10000000 rows.
            Http option BodyBytesMax is 1; it must be 1024 to 268435456 bytes.
            Http option Stream:ConnectionsMax is 0; it must be 1 to 65536 connections.
            Http option Stream:SubscriptionsMax is 0; it must be 1 to 100000 subscriptions.
            Http option Stream:NamesMax is 0; it must be 1 to 1000000 names.
            Http option Stream:MessageBytesMax is 0; it must be 1024 to 16777216 bytes.
            Http option Stream:TicksBehindMax is 0; it must be 1 to 100000000 ticks.
            Http option Stream:SendTimeout is 00:00:00; it must be 00:00:00.1000000 to 00:10:00.
            Http option Stream:KeepAlive is 00:00:00; it must be 00:00:00.1000000 to 00:10:00.
            Http option Stream:FlushedAfter is 00:00:00; it must be 00:00:00.0010000 to 00:00:10.
            Http option InflatedBytesMax is 1; it must be 1024 to 1073741824 bytes.
            Http option PublishersMax is 0; it must be 1 to 64 feeds.
            """,
            e.Message);
    }
}

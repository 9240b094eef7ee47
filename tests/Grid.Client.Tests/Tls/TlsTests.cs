using System.Net;
using Grid.Client.Feed;
using Grid.Client.Query;
using Grid.Client.Streams;
using Grid.Client.Tests.Feed;
using Grid.Client.Tests.Streams;
using Grid.Client.Tls;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Grid.Gateway.Tls;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Client.Tests.Tls;

public sealed class TlsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority;
    private readonly RecordingGrid _grid = new();
    private readonly ManualTime _time = new();
    private readonly string _certificate;

    // The texts of the keys that KeysAsync made.
    private readonly List<string> _feeders = [];
    private string _reader = string.Empty;

    public TlsTests()
    {
        _authority = new TestAuthority(_folder.Path);
        _certificate = _authority.Issue("server").File;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static IPEndPoint AnyPort => new(IPAddress.Loopback, 0);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_feed_goes_through_TLS_whole_and_in_order()
    {
        await using var server = StartFeed(new TlsOptions { CertificateFile = _certificate });
        await using var client = await ConnectAsync(server, TrustsAuthority());

        var source = FeedRig.Declare(client);
        for (var i = 1; i <= 20_000; i++)
        {
            await client.AddAsync(FeedRig.Trade(client, source, i), Cancel);
        }

        var totals = await client.DrainAsync(Cancel);

        Assert.Equal(20_000, totals.EventsAcknowledged);
        Assert.Equal(Enumerable.Range(1, 20_000).Select(i => (ulong)i), _grid.Events.Select(e => e.Event.Sequence));
    }

    [Fact]
    public async Task A_server_that_is_not_trusted_gets_nothing()
    {
        var stranger = new TestAuthority(_folder.Path, "stranger");
        await using var server = StartFeed(new TlsOptions { CertificateFile = _certificate });

        foreach (var tls in new[] { new ClientTlsOptions(), new ClientTlsOptions { CaFile = stranger.CaFile }, new ClientTlsOptions { CaFile = _authority.CaFile, ServerName = "other.example" } })
        {
            var e = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, tls));
            Assert.Equal(GridErrorCode.TlsFailed, e.Code);
            Assert.StartsWith($"no TLS with the server {server.EndPoint}: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Without_TLS_on_one_side_nothing_is_fed()
    {
        await using var tls = StartFeed(new TlsOptions { CertificateFile = _certificate });
        await using var plain = StartFeed(null);

        var stripped = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(tls, null));
        Assert.Equal(GridErrorCode.Unreachable, stripped.Code);
        var unasked = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(plain, TrustsAuthority()));
        Assert.Equal(GridErrorCode.TlsFailed, unasked.Code);

        Assert.Equal((0, 0), (_grid.OpenFeeds, _grid.Events.Count));
        await using var client = await ConnectAsync(tls, TrustsAuthority());
    }

    [Fact]
    public async Task A_certificate_that_is_replaced_is_shown_to_new_connections_and_old_ones_go_on()
    {
        var other = new TestAuthority(_folder.Path, "other");
        await using var server = StartFeed(new TlsOptions { CertificateFile = _certificate });
        await using var before = await ConnectAsync(server, TrustsAuthority(), "before");
        var source = FeedRig.Declare(before);

        File.WriteAllText(_certificate, "half of a file");
        _time.Advance(TimeSpan.FromSeconds(5));
        await using (await ConnectAsync(server, TrustsAuthority(), "meanwhile"))
        {
            // What was there last still serves.
        }

        File.Copy(other.Issue("renewed").File, _certificate, overwrite: true);
        _time.Advance(TimeSpan.FromSeconds(5));

        await using var after = await ConnectAsync(server, new ClientTlsOptions { CaFile = other.CaFile }, "after");
        Assert.Equal(GridErrorCode.TlsFailed, (await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, TrustsAuthority(), "late"))).Code);
        await before.AddAsync(FeedRig.Trade(before, source, 1), Cancel);
        Assert.Equal(1, (await before.DrainAsync(Cancel)).EventsAcknowledged);
    }

    [Fact]
    public async Task A_client_certificate_stands_for_the_key_that_names_it()
    {
        var (pinned, thumbprint) = _authority.Issue("pinned");
        var (vouched, _) = _authority.Issue("vouched");
        var (unknown, _) = _authority.Issue("unknown");
        var (forged, _) = new TestAuthority(_folder.Path, "forger").Issue("forged");
        using var gatekeeper = await KeysAsync(
            r => r with { Certificate = "sha256:" + thumbprint },
            r => r with { Certificate = "subject:CN=vouched" },
            r => r with { Certificate = "subject:CN=forged" });
        await using var server = StartFeed(
            new TlsOptions { CertificateFile = _certificate, ClientCertificate = ClientCertificateMode.Require, ClientCaFile = _authority.CaFile }, gatekeeper);

        await using (await ConnectAsync(server, Shows(pinned), "pinned"))
        {
            await using var client = await ConnectAsync(server, Shows(vouched), "vouched");
        }

        var e = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, Shows(unknown)));
        Assert.Equal((GridErrorCode.Unauthorized, "no key stands for the client's certificate 'CN=unknown'"), (e.Code, e.Message));
        await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, Shows(forged)));
        await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, TrustsAuthority()));
    }

    [Fact]
    public async Task A_certificate_and_a_key_must_be_of_one_another_and_where_allowed_either_will_do()
    {
        var (certificate, thumbprint) = _authority.Issue("feeder");
        var (unknown, _) = _authority.Issue("unknown");
        using var gatekeeper = await KeysAsync(r => r with { Certificate = "sha256:" + thumbprint }, r => r);
        await using var server = StartFeed(new TlsOptions { CertificateFile = _certificate, ClientCertificate = ClientCertificateMode.Allow }, gatekeeper);

        await using (await ConnectAsync(server, Shows(certificate), "a", _feeders[0]))
        await using (await ConnectAsync(server, TrustsAuthority(), "b", _feeders[1]))
        {
            await using var client = await ConnectAsync(server, Shows(unknown), "c", _feeders[1]);
        }

        var e = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, Shows(certificate), "d", _feeders[1]));
        Assert.Equal(
            $"the client's certificate stands for key '{_feeders[0][5..13]}', but key '{_feeders[1][5..13]}' was brought",
            e.Message);
        Assert.Equal(GridErrorCode.Unauthorized, (await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, TrustsAuthority(), "e"))).Code);
    }

    [Fact]
    public async Task By_its_subject_alone_no_certificate_is_believed()
    {
        var (self, _) = new TestAuthority(_folder.Path, "forger").Issue("feeder");
        using var gatekeeper = await KeysAsync(r => r with { Certificate = "subject:CN=feeder" });
        await using var server = StartFeed(new TlsOptions { CertificateFile = _certificate, ClientCertificate = ClientCertificateMode.Allow }, gatekeeper);

        var e = await Assert.ThrowsAsync<GridException>(() => ConnectAsync(server, Shows(self)));

        Assert.Equal(GridErrorCode.Unauthorized, e.Code);
    }

    [Fact]
    public async Task A_query_goes_over_TLS_and_not_without()
    {
        await MarketSeed.AddAsync(_grid, "A");
        await using var server = await GatewayServer.StartAsync(
            _grid, new GatewayOptions { EndPoint = AnyPort, Tls = new TlsOptions { CertificateFile = _certificate } }, _time, NullLoggerFactory.Instance, cancel: Cancel);
        Assert.Equal("https", server.Address.Scheme);

        using var client = new QueryClient(server.Address, tls: TrustsAuthority());
        using var distrusting = new QueryClient(server.Address);
        using var plain = new QueryClient(new Uri($"http://{server.EndPoint}"));

        Assert.Equal("100.25", Assert.Single(await client.GetLatestAsync(["A"], Cancel)).Price);
        await Assert.ThrowsAsync<GridException>(() => distrusting.GetLatestAsync(["A"], Cancel));
        await Assert.ThrowsAsync<GridException>(() => plain.GetLatestAsync(["A"], Cancel));
    }

    [Fact]
    public async Task A_client_certificate_stands_for_a_key_over_HTTP_too()
    {
        var (certificate, thumbprint) = _authority.Issue("dashboard");
        using var gatekeeper = await KeysAsync(r => r with { Role = AccessRole.Read, Sources = [], Certificate = "sha256:" + thumbprint });
        var options = new GatewayOptions { EndPoint = AnyPort, Tls = new TlsOptions { CertificateFile = _certificate, ClientCertificate = ClientCertificateMode.Allow } };
        await using var server = await GatewayServer.StartAsync(_grid, options, _time, NullLoggerFactory.Instance, gatekeeper, Cancel);
        using var shows = new QueryClient(server.Address, tls: Shows(certificate));
        using var showsOther = new QueryClient(server.Address, tls: Shows(_authority.Issue("other").File));
        using var showsNone = new QueryClient(server.Address, tls: TrustsAuthority());

        Assert.Equal(0, (await shows.GetStatusAsync(Cancel)).Feeds);
        Assert.Equal(GridErrorCode.Unauthorized, (await Assert.ThrowsAsync<GridException>(() => showsOther.GetStatusAsync(Cancel))).Code);
        Assert.Equal(GridErrorCode.Unauthorized, (await Assert.ThrowsAsync<GridException>(() => showsNone.GetStatusAsync(Cancel))).Code);
        Assert.Equal(GridErrorCode.Forbidden, (await Assert.ThrowsAsync<GridException>(() => shows.PutInstrumentsAsync([], Cancel))).Code);
    }

    [Fact]
    public async Task A_query_brings_its_key()
    {
        using var gatekeeper = await KeysAsync();
        await using var server = await GatewayServer.StartAsync(_grid, new GatewayOptions { EndPoint = AnyPort }, _time, NullLoggerFactory.Instance, gatekeeper, Cancel);
        using var with = new QueryClient(server.Address, _reader);
        using var without = new QueryClient(server.Address);

        Assert.Equal(0, (await with.GetStatusAsync(Cancel)).Feeds);
        Assert.Equal(GridErrorCode.Unauthorized, (await Assert.ThrowsAsync<GridException>(() => without.GetStatusAsync(Cancel))).Code);
    }

    [Fact]
    public async Task A_subscription_brings_its_key_through_TLS()
    {
        using var gatekeeper = await KeysAsync(r => r);
        await using var server = await StreamServer.StartAsync(gatekeeper, new TlsOptions { CertificateFile = _certificate });
        await server.SendAsync(TestMarket.Trade(1, "10:00:00", "10"));

        Assert.Equal(StreamUpdateKind.Connected, await FirstAsync(_reader));
        Assert.Equal(GridErrorCode.Unauthorized, (await Assert.ThrowsAsync<GridException>(() => FirstAsync(null))).Code);
        Assert.Equal(GridErrorCode.Forbidden, (await Assert.ThrowsAsync<GridException>(() => FirstAsync(_feeders[0]))).Code);

        async Task<StreamUpdateKind> FirstAsync(string? key)
        {
            var client = new StreamClient(new StreamClientOptions { Server = server.Address, ApiKey = key, Tls = TrustsAuthority(), ReconnectAttemptsMax = 0 });
            await using var updates = client.SubscribeAsync(new StreamRequest { Patterns = ["*"] }, Cancel).GetAsyncEnumerator(Cancel);
            Assert.True(await updates.MoveNextAsync());
            return updates.Current.Kind;
        }
    }

    [Theory]
    [InlineData("none.pem")]
    [InlineData("ca.pem")]
    public void A_certificate_that_cannot_be_used_stops_the_start(string file)
    {
        var e = Assert.Throws<IOException>(() => StartFeed(new TlsOptions { CertificateFile = _folder.File(file) }));

        Assert.StartsWith($"feed: the certificate '{_folder.File(file)}' cannot be used: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_of_TLS_out_of_its_range_is_named()
    {
        var options = new FeedOptions
        {
            Tls = new TlsOptions { PollInterval = TimeSpan.Zero, ClientCaFile = "ca.pem" },
        };

        Assert.Equal(
            """
            Feed option Tls:CertificateFile is missing; it must be a file with a certificate.
            Feed option Tls:PollInterval is 00:00:00; it must be 00:00:00.1000000 to 01:00:00.
            Feed option Tls:ClientCaFile is given, but Tls:ClientCertificate is None, so that no client is asked for a certificate.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }

    private async Task<Gatekeeper> KeysAsync(params Func<KeyRecord, KeyRecord>[] feeders)
    {
        var path = _folder.File(KeyFile.Name);
        foreach (var change in feeders)
        {
            var key = ApiKey.Create();
            _feeders.Add(key.Text);
            await AddAsync(change(new KeyRecord { Id = key.Id, Hash = KeyRecord.HashText(key), Role = AccessRole.Feed, Sources = ["*"], Created = _time.GetUtcNow() }));
        }

        var reader = ApiKey.Create();
        _reader = reader.Text;
        await AddAsync(new KeyRecord { Id = reader.Id, Hash = KeyRecord.HashText(reader), Role = AccessRole.Read, Created = _time.GetUtcNow() });
        return Gatekeeper.Start(new AccessOptions { KeyFile = path }, _time, NullLoggerFactory.Instance);

        Task AddAsync(KeyRecord record) => KeyFile.ChangeAsync(path, keys => [.. keys, record], TimeProvider.System, Cancel);
    }

    private FeedServer StartFeed(TlsOptions? tls, Gatekeeper? gatekeeper = null) =>
        FeedServer.Start(_grid, new FeedOptions { EndPoint = AnyPort, Tls = tls }, _time, NullLoggerFactory.Instance, gatekeeper);

    private ClientTlsOptions TrustsAuthority() => new() { CaFile = _authority.CaFile };

    private ClientTlsOptions Shows(string certificate) => new() { CaFile = _authority.CaFile, CertificateFile = certificate };

    private static Task<FeedClient> ConnectAsync(FeedServer server, ClientTlsOptions? tls, string producer = "client", string? key = null) => FeedClient.ConnectAsync(
        new FeedClientOptions { Server = server.EndPoint, Producer = producer, ApiKey = key, Tls = tls, ReconnectAttemptsMax = 0 }, cancel: Cancel);
}

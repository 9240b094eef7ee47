using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Grid.Gateway.Access;
using Grid.Gateway.Ilp;
using Grid.Gateway.Tests.Http;
using Grid.Gateway.Tls;
using Grid.Testing;

namespace Grid.Gateway.Tests.Access;

public sealed class IlpAccessTests : IDisposable
{
    private readonly KeyFolder _keys = new();
    private readonly RecordingGrid _grid = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task Nobody_writes_lines_without_a_key_that_may()
    {
        var feed = await AddAsync("s");
        var read = await _keys.AddAsync(AccessRole.Read);
        var expired = await _keys.AddAsync(AccessRole.Feed, r => r with { Expires = r.Created });
        var revoked = await _keys.AddAsync(AccessRole.Feed, r => r with { Revoked = r.Created });
        await using var server = Start();

        foreach (var first in new[]
        {
            string.Empty, "\n", "letmein\n", $" {feed.Text}\n", $"auth {feed.Text}\n", $"{feed.Text[..^1]}\n", $"{feed.Text}x\n", $"{feed.Text} \n",
            $"{WrongSecret.Of(feed, read)}\n", $"{expired.Text}\n", $"{revoked.Text}\n", $"{read.Text}\n", $"grid_{new string('x', 5_000)}\n",
        })
        {
            using var client = await ConnectAsync(server);
            await TrySendAsync(client, first + GridFixture.Trades(3));
            await AssertClosedAsync(client);
        }

        Assert.Equal(0, _grid.OpenFeeds);
        Assert.Empty(_grid.Events);
        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, $@"^Grid\.Audit .*: refused key {read.Id} from 127\.0\.0\.1:\d+: ilp: WrongRole;"));
        Assert.Contains(_keys.Log.Lines, l => l.Contains("this server asks for a key; the first line brings it, alone, or a client certificate stands for it", StringComparison.Ordinal));
        Assert.DoesNotContain(_keys.Log.Lines, l => l.Contains(feed.Text[14..57], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\n", 1)]
    [InlineData("\r\n", 1)]
    [InlineData("\n", 1000)]
    public async Task The_first_line_is_the_key_in_whatever_pieces_it_comes(string end, int piece)
    {
        var key = await AddAsync("s");
        await using var server = Start();
        using var client = await ConnectAsync(server);

        foreach (var part in Encoding.ASCII.GetBytes(key.Text + end + GridFixture.Trades(2)).Chunk(piece))
        {
            await client.SendAsync(part, Cancel);
        }

        await _grid.WaitForEventsAsync(2);
        Assert.Equal(0, server.LinesRefused);
    }

    [Fact]
    public async Task Lines_of_other_sources_are_refused_and_the_others_stand()
    {
        var key = await AddAsync("s");
        await using var server = Start();
        using var client = await ConnectAsync(server);

        await TrySendAsync(client, $"{key.Text}\n{GridFixture.Trades(1)}{GridFixture.Trades(1, first: 2, tags: ",source=theirs")}{GridFixture.Trades(1, first: 3)}");
        await _grid.WaitForEventsAsync(2);

        Assert.Equal(["1", "3"], _grid.Events.Select(e => e.Event.Size.ToString()));
        Assert.Equal(1, server.LinesRefused);
        Assert.DoesNotContain("theirs", _grid.Sources.Keys);
        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, $@"\[OperationId=ilp-\d+-\d+\] Warning: ilp .* line 2: key '{key.Id}' may not write source 'theirs'; it may write s"));
    }

    [Fact]
    public async Task A_key_that_is_revoked_ends_what_it_has_open_and_nothing_else()
    {
        var key = await AddAsync("s");
        var kept = await AddAsync("s");
        await using var server = Start();
        using var client = await ConnectAsync(server);
        using var other = await ConnectAsync(server);
        await TrySendAsync(client, $"{key.Text}\n{GridFixture.Trades(1)}");
        await TrySendAsync(other, $"{kept.Text}\n{GridFixture.Trades(1)}");
        await _grid.WaitForEventsAsync(2);

        await _keys.RevokeAsync(key);
        _keys.Pass();

        await AssertClosedAsync(client);
        await TrySendAsync(other, GridFixture.Trades(1, first: 2));
        await _grid.WaitForEventsAsync(3);
    }

    [Fact]
    public async Task The_first_key_ends_what_was_open_without_one()
    {
        await using var server = Start();
        using var client = await ConnectAsync(server);
        await TrySendAsync(client, GridFixture.Trades(1));
        await _grid.WaitForEventsAsync(1);

        await AddAsync("s");
        _keys.Pass();

        await AssertClosedAsync(client);
    }

    [Fact]
    public async Task A_server_without_keys_passes_over_one_and_takes_every_other_first_line()
    {
        await using var server = Start();
        using var client = await ConnectAsync(server);
        await TrySendAsync(client, $"{ApiKey.Create().Text}\n{GridFixture.Trades(1)}");
        await _grid.WaitForEventsAsync(1);
        Assert.Equal(0, server.LinesRefused);

        // A measurement's name may begin as a key does; that line is no key, and is refused as every unknown measurement.
        using var other = await ConnectAsync(server);
        await TrySendAsync(other, $"grid_load,instrument=A price=1 1\n{GridFixture.Trades(1, first: 2)}");
        await _grid.WaitForEventsAsync(2);
        Assert.Equal(1, server.LinesRefused);
    }

    [Fact]
    public async Task A_key_must_come_in_time()
    {
        await AddAsync("s");
        await using var server = Start();
        using var client = await ConnectAsync(server);
        await TrySendAsync(client, "grid_");

        var closed = AssertClosedAsync(client);
        while (!closed.IsCompleted)
        {
            _keys.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await closed;
    }

    [Fact]
    public async Task A_key_over_its_rate_is_read_later_and_loses_nothing()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["s"], Rate = 1 });
        await using var server = Start(o => o.IdleTimeout = TimeSpan.FromHours(1));
        using var client = await ConnectAsync(server);
        await TrySendAsync(client, $"{key.Text}\n{GridFixture.Trades(1)}");
        await _grid.WaitForEventsAsync(1);

        await TrySendAsync(client, GridFixture.Trades(1, first: 2));
        await _keys.Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(1001), Cancel);
        Assert.Single(_grid.Events);
        _keys.Time.Advance(TimeSpan.FromSeconds(2));

        await _grid.WaitForEventsAsync(2);
    }

    [Fact]
    public async Task Lines_go_through_TLS_and_a_certificate_stands_for_its_key()
    {
        var authority = new TestAuthority(_keys.Folder);
        var (file, thumbprint) = authority.Issue("client");
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["s"], Certificate = KeyRecord.ThumbprintPrefix + thumbprint });
        var other = await AddAsync("s");
        await using var server = Start(o => o.Tls = new TlsOptions
        {
            CertificateFile = authority.Issue("server").File, ClientCertificate = ClientCertificateMode.Allow, ClientCaFile = authority.CaFile,
        });

        await using (var tls = await OpenAsync(server, authority, file))
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes(GridFixture.Trades(1)), Cancel);
            await _grid.WaitForEventsAsync(1);
        }

        await using (var tls = await OpenAsync(server, authority, certificate: null))
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes($"{other.Text}\n{GridFixture.Trades(1, first: 2)}"), Cancel);
            await _grid.WaitForEventsAsync(2);
        }

        // The certificate and the key are not of one holder.
        await using (var tls = await OpenAsync(server, authority, file))
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes($"{other.Text}\n{GridFixture.Trades(1, first: 3)}"), Cancel);
            await AssertClosedAsync(tls);
        }

        await using (var tls = await OpenAsync(server, authority, certificate: null))
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes(GridFixture.Trades(1, first: 4)), Cancel);
            await AssertClosedAsync(tls);
        }

        // TLS stripped.
        using var plain = await ConnectAsync(server);
        await TrySendAsync(plain, $"{key.Text}\n{GridFixture.Trades(1, first: 5)}");
        await AssertClosedAsync(plain);
        Assert.Equal(["1", "2"], _grid.Events.Select(e => e.Event.Size.ToString()));
    }

    [Fact]
    public async Task Another_address_than_loopback_needs_keys_and_TLS()
    {
        var options = new IlpOptions { EndPoint = new IPEndPoint(IPAddress.Any, 0) };
        await AddAsync("s");

        Assert.Equal(
            "Ilp option EndPoint is 0.0.0.0:0, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.",
            Assert.Throws<ArgumentException>(() => options.Validate(_keys.Gatekeeper.AsksForKeys)).Message);
    }

    private Task<ApiKey> AddAsync(string source) => _keys.AddAsync(AccessRole.Feed, r => r with { Sources = [source] });

    private IlpServer Start(Action<IlpOptions>? configure = null)
    {
        var options = new IlpOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        return IlpServer.Start(_grid, options, _keys.Time, _keys.Log, _keys.Gatekeeper);
    }

    private static async Task<Socket> ConnectAsync(IlpServer server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.EndPoint, Cancel);
        return socket;
    }

    private static async Task<SslStream> OpenAsync(IlpServer server, TestAuthority authority, string? certificate)
    {
        var tls = new SslStream(new NetworkStream(await ConnectAsync(server), ownsSocket: true));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(authority.CaFile));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                CertificateChainPolicy = trust,
                ClientCertificates = certificate is null ? null : [X509Certificate2.CreateFromPemFile(certificate, certificate)],
            },
            Cancel);
        return tls;
    }

    private static async Task TrySendAsync(Socket socket, string text)
    {
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(text), Cancel);
        }
        catch (SocketException)
        {
            // Closed already: the caller looks at that.
        }
    }

    private static async Task AssertClosedAsync(Socket socket)
    {
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], Cancel));
        }
        catch (SocketException e)
        {
            // What was sent was not read.
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    private static async Task AssertClosedAsync(SslStream tls)
    {
        try
        {
            Assert.Equal(0, await tls.ReadAsync(new byte[1], Cancel));
        }
        catch (IOException e)
        {
            Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(e.InnerException).SocketErrorCode);
        }
    }
}

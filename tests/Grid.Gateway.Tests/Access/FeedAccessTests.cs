using System.Net;
using System.Text.RegularExpressions;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Tests.Feed;

namespace Grid.Gateway.Tests.Access;

public sealed class FeedAccessTests : IDisposable
{
    private const string AsksForKey = "this server asks for a key; an Authenticate frame before Hello brings it (option ApiKey of the client, --key of 'grid feed')";

    private readonly KeyFolder _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task Nobody_feeds_without_a_key_that_may()
    {
        var feed = await _keys.AddAsync(AccessRole.Feed);
        var read = await _keys.AddAsync(AccessRole.Read);
        var expired = await _keys.AddAsync(AccessRole.Feed, r => r with { Expires = r.Created });
        var revoked = await _keys.AddAsync(AccessRole.Feed, r => r with { Revoked = r.Created });
        await using var fixture = Start();

        Assert.Equal((GridErrorCode.Unauthorized, AsksForKey), await RefusedAsync(fixture, null));
        Assert.Equal((GridErrorCode.Unauthorized, "what was given is no key: a key begins with grid_ and has 63 characters"), await RefusedAsync(fixture, "letmein"));
        Assert.Equal(
            (GridErrorCode.Unauthorized, "the key is mistyped: its checksum does not fit, so a character is wrong, missing or too many"),
            await RefusedAsync(fixture, feed.Text[..^1]));
        Assert.Equal((GridErrorCode.Unauthorized, "the key is not known here"), await RefusedAsync(fixture, WrongSecret.Of(feed, read)));
        Assert.Equal((GridErrorCode.Unauthorized, $"key '{expired.Id}' expired"), await RefusedAsync(fixture, expired.Text));
        Assert.Equal((GridErrorCode.Unauthorized, $"key '{revoked.Id}' was revoked"), await RefusedAsync(fixture, revoked.Text));
        Assert.Equal((GridErrorCode.Forbidden, $"key '{read.Id}' has the role read; this needs the role feed"), await RefusedAsync(fixture, read.Text));
        Assert.Equal(0, fixture.Grid.OpenFeeds);
        Assert.Empty(fixture.Grid.Events);
        Assert.Contains(_keys.Log.Lines, l => Regex.IsMatch(l, $@"^Grid\.Audit .*: refused key {read.Id} from 127\.0\.0\.1:\d+: feed: WrongRole;"));
    }

    [Fact]
    public async Task A_key_writes_its_sources_and_no_others()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["S"] });
        await using var fixture = Start();
        using (var peer = await OpenAsync(fixture, key.Text))
        {
            await peer.AnnounceAsync();
            await peer.SendAsync(FeedPeer.Batch(1, 1));
            await peer.ReadAckAsync(1);
            await peer.SendAsync(FeedPeer.Names(NameKind.Source, 2, "T"));
            var error = await peer.ReadErrorAsync();
            Assert.Equal((GridErrorCode.Forbidden, true), (error.Code, error.IsFatal));
            Assert.EndsWith($"key '{key.Id}' may not write source 'T'; it may write S", error.Message, StringComparison.Ordinal);
        }

        using var other = await OpenAsync(fixture, key.Text, epoch: 2);
        await other.SendAsync(SourceFrame.ToFrame(new SourceDeclaration { Name = "T" }));
        Assert.Equal(GridErrorCode.Forbidden, (await other.ReadErrorAsync()).Code);
        Assert.DoesNotContain("T", fixture.Grid.Sources.Keys);
    }

    [Fact]
    public async Task A_key_feeds_as_its_producers_and_as_no_others()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Producers = ["plant-*", "peer2"] });
        await using var fixture = Start();

        Assert.Equal((GridErrorCode.Forbidden, $"key '{key.Id}' may not feed as producer 'peer'; it may as plant-*, peer2"), await RefusedAsync(fixture, key.Text));

        Assert.Equal(0, fixture.Grid.OpenFeeds);
        using var plant = await OpenAsync(fixture, key.Text, producer: "plant-7");
        using var peer = await OpenAsync(fixture, key.Text, producer: "peer2");
        Assert.Equal(2, fixture.Grid.OpenFeeds);
    }

    [Fact]
    public async Task A_key_that_loses_a_producer_ends_what_it_has_open()
    {
        var key = await _keys.AddAsync(AccessRole.Feed);
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, key.Text);

        await _keys.ChangeAsync(keys => [.. keys.Select(k => k with { Producers = ["other"] })]);
        _keys.Pass();

        Assert.Equal(GridErrorCode.Unauthorized, (await peer.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task An_admin_feeds_every_source()
    {
        var key = await _keys.AddAsync(AccessRole.Admin);
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, key.Text);

        await peer.AnnounceAsync();
        await peer.SendAsync(FeedPeer.Batch(1, 1));

        await peer.ReadAckAsync(1);
    }

    [Fact]
    public async Task A_key_that_is_revoked_ends_what_it_has_open_and_nothing_else()
    {
        var key = await _keys.AddAsync(AccessRole.Feed);
        var kept = await _keys.AddAsync(AccessRole.Feed);
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, key.Text);
        using var other = await OpenAsync(fixture, kept.Text, producer: "other");
        await peer.AnnounceAsync();
        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await peer.ReadAckAsync(1);

        await _keys.RevokeAsync(key);
        _keys.Pass();

        Assert.Equal((GridErrorCode.Unauthorized, $"key '{key.Id}' was revoked", 0UL, true), await peer.ReadErrorAsync());
        await other.AnnounceAsync();
        await other.SendAsync(FeedPeer.Batch(1, 1));
        await other.ReadAckAsync(1);
    }

    [Fact]
    public async Task A_key_that_expires_ends_what_it_has_open()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Expires = r.Created.AddSeconds(10) });
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, key.Text);

        _keys.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal((GridErrorCode.Unauthorized, $"key '{key.Id}' expired", 0UL, true), await peer.ReadErrorAsync());
    }

    [Fact]
    public async Task The_first_key_ends_what_was_open_without_one()
    {
        await using var fixture = Start();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);

        await _keys.AddAsync(AccessRole.Read);
        _keys.Pass();

        Assert.Equal((GridErrorCode.Unauthorized, "this server asks for a key from now on", 0UL, true), await peer.ReadErrorAsync());
        peer.Dispose();
    }

    [Fact]
    public async Task A_server_without_keys_passes_over_one()
    {
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, "anything");

        await peer.AnnounceAsync();
        await peer.SendAsync(FeedPeer.Batch(1, 1));

        await peer.ReadAckAsync(1);
    }

    [Fact]
    public async Task A_key_comes_once_and_before_Hello()
    {
        await using var fixture = Start();
        using var twice = await FeedPeer.ConnectAsync(fixture.EndPoint);
        await twice.SendAsync(AuthenticateFrame.ToFrame("a"));
        await twice.SendAsync(AuthenticateFrame.ToFrame("a"));
        Assert.Equal("frame 2 at byte 21: Authenticate came again; it comes once, before Hello", (await twice.ReadErrorAsync()).Message);

        using var late = await OpenAsync(fixture, "a");
        await late.SendAsync(AuthenticateFrame.ToFrame("a"));
        Assert.EndsWith(": Authenticate came after Hello; it comes before", (await late.ReadErrorAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_over_its_rate_is_read_later_and_loses_nothing()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Rate = 1 });
        await using var fixture = Start();
        using var peer = await OpenAsync(fixture, key.Text);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await peer.SendAsync(FeedPeer.Batch(2, 2));
        await peer.ReadAckAsync(1);
        await _keys.Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(1001), TestContext.Current.CancellationToken);
        Assert.Single(fixture.Grid.Events);
        _keys.Time.Advance(TimeSpan.FromSeconds(2));

        await peer.ReadAckAsync(2);
        Assert.Equal(2, fixture.Grid.Events.Count);
    }

    [Fact]
    public async Task Each_connection_can_be_followed_through_the_log_by_its_name()
    {
        var key = await _keys.AddAsync(AccessRole.Feed);
        await using (var fixture = Start())
        {
            for (var i = 0; i < 2; i++)
            {
                using var peer = await OpenAsync(fixture, key.Text, producer: $"p{i}");
                await peer.SendAsync(FeedHeader.Empty(FeedFrameType.Bye, 0));
                Assert.Null(await peer.TryReadAsync());
            }
        }

        var lines = _keys.Log.Lines.Where(l => l.Contains("FeedServer", StringComparison.Ordinal) && l.Contains("feed 127.0.0.1", StringComparison.Ordinal)).ToList();
        var names = lines.Select(l => Regex.Match(l, @"\[OperationId=(feed-\d+-\d+)\]").Groups[1].Value).ToList();
        Assert.DoesNotContain(string.Empty, names);
        Assert.Equal([2, 2], names.GroupBy(n => n).Select(g => g.Count()));
        Assert.Contains(lines, l => l.Contains($"opened: key {key.Id}, producer p1", StringComparison.Ordinal));
        Assert.DoesNotContain(_keys.Log.Lines, l => l.Contains(key.Text[14..57], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_address_than_loopback_needs_keys_and_TLS()
    {
        var options = new FeedOptions { EndPoint = new IPEndPoint(IPAddress.Any, 0) };
        Assert.Equal(
            """
            Feed option EndPoint is 0.0.0.0:0, which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).
            Feed option EndPoint is 0.0.0.0:0, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.
            """,
            Assert.Throws<ArgumentException>(() => options.Validate(_keys.Gatekeeper.AsksForKeys)).Message);
        await _keys.AddAsync(AccessRole.Feed);
        _keys.Pass();

        Assert.Equal(
            "Feed option EndPoint is 0.0.0.0:0, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.",
            Assert.Throws<ArgumentException>(() => options.Validate(_keys.Gatekeeper.AsksForKeys)).Message);
    }

    private FeedServerFixture Start() => new(o => o.IdleTimeout = TimeSpan.FromHours(1), _keys.Time, _keys.Gatekeeper, _keys.Log);

    private static async Task<FeedPeer> OpenAsync(FeedServerFixture fixture, string key, string producer = "peer", ulong epoch = 1)
    {
        var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);
        await peer.SendAsync(AuthenticateFrame.ToFrame(key));
        await peer.SendAsync(new HelloFrame(producer, epoch, FeedAck.Journaled).ToFrame());
        await peer.ReadAsync(FeedFrameType.Welcome);
        return peer;
    }

    private static async Task<(GridErrorCode Code, string Message)> RefusedAsync(FeedServerFixture fixture, string? key)
    {
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);
        if (key is not null)
        {
            await peer.SendAsync(AuthenticateFrame.ToFrame(key));
        }

        await peer.SendAsync(new HelloFrame("peer", 1, FeedAck.Journaled).ToFrame());
        var error = await peer.ReadErrorAsync();
        Assert.True(error.IsFatal);
        return (error.Code, error.Message);
    }
}

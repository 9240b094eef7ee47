using System.Net;
using Grid.Domain;
using Grid.Gateway.Access;

namespace Grid.Gateway.Tests.Access;

public sealed class GatekeeperTests : IDisposable
{
    private static readonly IPEndPoint Stranger = new(IPAddress.Parse("192.0.2.7"), 5000);

    private readonly KeyFolder _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task Each_key_may_do_what_its_role_says()
    {
        var feed = await _keys.AddAsync(AccessRole.Feed);
        var read = await _keys.AddAsync(AccessRole.Read);
        var admin = await _keys.AddAsync(AccessRole.Admin);

        foreach (var role in Enum.GetValues<AccessRole>())
        {
            Assert.Equal(role == AccessRole.Feed ? AccessAnswer.Admitted : AccessAnswer.WrongRole, Ask(feed, role));
            Assert.Equal(role == AccessRole.Read ? AccessAnswer.Admitted : AccessAnswer.WrongRole, Ask(read, role));
            Assert.Equal(AccessAnswer.Admitted, Ask(admin, role));
        }
    }

    [Fact]
    public async Task A_feed_key_writes_its_sources_and_an_admin_all()
    {
        var feed = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["S?", "T*"] });
        var admin = await _keys.AddAsync(AccessRole.Admin);
        var read = await _keys.AddAsync(AccessRole.Read);

        _keys.Gatekeeper.Admit(feed.Text, AccessRole.Feed, out var feeder);
        _keys.Gatekeeper.Admit(admin.Text, AccessRole.Feed, out var all);
        _keys.Gatekeeper.Admit(read.Text, AccessRole.Read, out var reader);

        Assert.Equal((true, false, true, true, false, false), (feeder.MayWrite("S1"), feeder.MayWrite("S12"), feeder.MayWrite("T"), feeder.MayWrite("T\\x"), feeder.MayWrite("t1"), feeder.MayWrite("XT")));
        Assert.True(all.MayWrite("anything"));
        Assert.False(reader.MayWrite("S1"));
    }

    [Fact]
    public async Task What_is_wrong_is_told_apart_and_no_more_than_that()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        var other = await _keys.AddAsync(AccessRole.Read);
        var expiring = await _keys.AddAsync(AccessRole.Read, r => r with { Expires = _keys.Time.GetUtcNow().AddSeconds(5) });
        var revoked = await _keys.AddAsync(AccessRole.Read, r => r with { Revoked = r.Created });

        Assert.Equal(AccessAnswer.NoKey, Ask(string.Empty));
        Assert.Equal(AccessAnswer.NotAKey, Ask("letmein"));
        Assert.Equal(AccessAnswer.Mistyped, Ask(key.Text[..^1] + (key.Text[^1] == 'x' ? 'y' : 'x')));
        Assert.Equal(AccessAnswer.Unknown, Ask(ApiKey.Create().Text));
        Assert.Equal(AccessAnswer.Unknown, Ask(WrongSecret.Of(key, other)));
        Assert.Equal(AccessAnswer.Revoked, Ask(revoked.Text));
        Assert.Equal(AccessAnswer.Admitted, Ask(expiring.Text));
        _keys.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(AccessAnswer.Expired, Ask(expiring.Text));
    }

    [Fact]
    public async Task A_change_of_the_file_holds_after_the_next_look()
    {
        var first = await _keys.AddAsync(AccessRole.Read);
        Assert.Equal(AccessAnswer.Admitted, Ask(first.Text));

        var second = await _keys.AddAsync(AccessRole.Read);
        Assert.Equal(AccessAnswer.Unknown, Ask(second.Text));
        await _keys.RevokeAsync(first);
        _keys.Pass();

        Assert.Equal((AccessAnswer.Revoked, AccessAnswer.Admitted), (Ask(first.Text), Ask(second.Text)));
        Assert.Contains(_keys.Log.Lines, l => l.Contains($"2 keys hold now. Added: {second.Id}. Revoked: {first.Id}.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_that_becomes_damaged_empty_or_goes_away_opens_nothing()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        Assert.True(_keys.Gatekeeper.AsksForKeys);

        File.WriteAllText(_keys.File, "{ half of");
        _keys.Pass();
        Assert.Equal((AccessAnswer.Admitted, AccessAnswer.NoKey), (Ask(key.Text), Ask(string.Empty)));
        File.Delete(_keys.File);
        _keys.Pass();
        Assert.Equal((AccessAnswer.Admitted, AccessAnswer.NoKey), (Ask(key.Text), Ask(string.Empty)));
        Assert.Equal(2, _keys.Log.Lines.Count(l => l.Contains("the keys stay as they were", StringComparison.Ordinal)));
        await _keys.ChangeAsync(_ => []);
        _keys.Pass();

        Assert.Equal((true, AccessAnswer.Unknown, AccessAnswer.NoKey), (_keys.Gatekeeper.AsksForKeys, Ask(key.Text), Ask(string.Empty)));
    }

    [Fact]
    public async Task The_first_key_closes_a_server_that_was_open()
    {
        Assert.False(_keys.Gatekeeper.AsksForKeys);
        using var lease = _keys.Gatekeeper.Lease(Caller.Anyone);

        await _keys.AddAsync(AccessRole.Read);
        _keys.Pass();

        Assert.True(_keys.Gatekeeper.AsksForKeys);
        Assert.True(lease.Ended.IsCancellationRequested);
        Assert.Equal("this server asks for a key from now on", lease.Reason!.Message);
    }

    [Fact]
    public async Task A_lease_ends_when_its_key_is_revoked_expires_or_changes()
    {
        var revoked = await _keys.AddAsync(AccessRole.Read);
        var expiring = await _keys.AddAsync(AccessRole.Read, r => r with { Expires = _keys.Time.GetUtcNow().AddSeconds(3) });
        var changed = await _keys.AddAsync(AccessRole.Feed);
        var kept = await _keys.AddAsync(AccessRole.Read);
        using var revokedLease = Lease(revoked, AccessRole.Read);
        using var expiringLease = Lease(expiring, AccessRole.Read);
        using var changedLease = Lease(changed, AccessRole.Feed);
        using var keptLease = Lease(kept, AccessRole.Read);

        await _keys.RevokeAsync(revoked);
        await _keys.ChangeAsync(keys => [.. keys.Select(k => k.Id == changed.Id ? k with { Sources = ["T"] } : k)]);
        _keys.Pass();
        Assert.Equal(
            ($"key '{revoked.Id}' was revoked", (string?)null, $"key '{changed.Id}' has another role or other sources now; connect again", (string?)null),
            (revokedLease.Reason?.Message, expiringLease.Reason?.Message, changedLease.Reason?.Message, keptLease.Reason?.Message));
        _keys.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(($"key '{expiring.Id}' expired", GridErrorCode.Unauthorized), (expiringLease.Reason!.Message, expiringLease.Reason.Code));
        Assert.False(keptLease.Ended.IsCancellationRequested);
        using var late = _keys.Gatekeeper.Lease(revokedLease.Caller);
        Assert.True(late.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task A_key_is_held_to_its_rate_and_a_reload_does_not_give_it_more()
    {
        var key = await _keys.AddAsync(AccessRole.Read, r => r with { Rate = 5 });
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(AccessAnswer.Admitted, Ask(key.Text)));
        Assert.Equal(AccessAnswer.TooFast, Ask(key.Text));

        await _keys.AddAsync(AccessRole.Read);
        _keys.Pass();
        Assert.All(Enumerable.Range(0, 5), _ => Assert.Equal(AccessAnswer.Admitted, Ask(key.Text)));
        Assert.Equal(AccessAnswer.TooFast, Ask(key.Text));
        _keys.Time.Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal((AccessAnswer.Admitted, AccessAnswer.TooFast), (Ask(key.Text), Ask(key.Text)));
    }

    [Fact]
    public async Task An_address_with_too_many_wrong_keys_is_told_to_wait_and_a_right_key_is_not()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("the key is not known here", Refuse(AccessAnswer.Unknown, Stranger).Message);
        }

        var lines = _keys.Log.Lines.Count;
        var refusal = Refuse(AccessAnswer.Unknown, Stranger);

        Assert.Equal((GridErrorCode.RateLimited, "too many wrong keys came from 192.0.2.7", TimeSpan.FromSeconds(3)), (refusal.Code, refusal.Message, refusal.RetryAfter));
        Assert.Equal(lines, _keys.Log.Lines.Count);
        Assert.Equal(GridErrorCode.Unauthorized, Refuse(AccessAnswer.Unknown, new IPEndPoint(IPAddress.Parse("192.0.2.8"), 1)).Code);
        Assert.Equal(AccessAnswer.Admitted, Ask(key.Text));
    }

    [Fact]
    public void Wrong_keys_are_counted_by_network_and_the_table_is_bounded()
    {
        var failures = new FailedAttempts(_keys.Time, perMinute: 1, addressesMax: 2);

        Assert.False(failures.IsOneTooMany(IPAddress.Parse("2001:db8:1:2::1"), out _));
        Assert.True(failures.IsOneTooMany(IPAddress.Parse("2001:db8:1:2::2"), out _));
        Assert.False(failures.IsOneTooMany(IPAddress.Parse("192.0.2.1"), out _));
        Assert.False(failures.IsOneTooMany(IPAddress.Parse("192.0.2.2"), out _));
        Assert.True(failures.IsOneTooMany(IPAddress.Parse("192.0.2.3"), out _));
        _keys.Time.Advance(TimeSpan.FromMinutes(2));

        Assert.False(failures.IsOneTooMany(IPAddress.Parse("192.0.2.3"), out _));
    }

    [Fact]
    public async Task Refusals_cannot_fill_the_log()
    {
        await _keys.AddAsync(AccessRole.Read);
        for (var i = 0; i < 10_000; i++)
        {
            Refuse(AccessAnswer.NoKey, Stranger);
        }

        var written = _keys.Log.Lines.Count(l => l.Contains("refused", StringComparison.Ordinal));
        Assert.Equal(60, written);
        _keys.Pass();
        Refuse(AccessAnswer.NoKey, Stranger);
        Assert.Contains("NoKey; 9940 refusals before this one were not written", _keys.Log.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Letting_in_allocates_nothing()
    {
        const int Times = 1000;
        var key = (await _keys.AddAsync(AccessRole.Read, r => r with { Rate = 1_000_000 })).Text;
        for (var i = 0; i < Times; i++)
        {
            Ask(key);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Times; i++)
        {
            Ask(key);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Times - 1);
    }

    [Fact]
    public void Defaults_are_in_range_and_every_option_out_of_it_is_named()
    {
        var options = new AccessOptions();
        options.Validate();
        Assert.Equal(((string?)null, TimeSpan.FromSeconds(1), 60, 4096), (options.KeyFile, options.PollInterval, options.FailuresPerMinuteMax, options.FailingAddressesMax));

        options = new AccessOptions { PollInterval = TimeSpan.Zero, FailuresPerMinuteMax = 0, FailingAddressesMax = 0 };

        Assert.Equal(
            """
            Access option PollInterval is 00:00:00; it must be 00:00:00.1000000 to 00:01:00.
            Access option FailuresPerMinuteMax is 0; it must be 1 to 100000 refused keys a minute.
            Access option FailingAddressesMax is 0; it must be 1 to 65536 addresses.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }

    private AccessAnswer Ask(ApiKey key, AccessRole role) => _keys.Gatekeeper.Admit(key.Text, role, out _);

    private AccessAnswer Ask(string text) => _keys.Gatekeeper.Admit(text, AccessRole.Read, out _);

    private AccessRefusal Refuse(AccessAnswer answer, IPEndPoint from) =>
        _keys.Gatekeeper.Refuse(answer, Caller.Anyone, AccessRole.Read, from, "GET /v1/x", "how");

    private AccessLease Lease(ApiKey key, AccessRole role)
    {
        Assert.Equal(AccessAnswer.Admitted, _keys.Gatekeeper.AdmitConnection(key.Text, role, out var caller));
        return _keys.Gatekeeper.Lease(caller);
    }
}

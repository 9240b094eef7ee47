using Grid.Gateway.Access;

namespace Grid.Gateway.Tests.Access;

public sealed class KeyFileTests : IDisposable
{
    private const string Hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    private readonly KeyFolder _keys = new();

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task What_is_written_is_read_again_and_holds_no_secret()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with
        {
            Sources = ["S*", "T"],
            Producers = ["P?"],
            Description = "the feeder's",
            Expires = _keys.Time.GetUtcNow().AddDays(1),
            Rate = 100,
            Certificate = "subject:CN=feeder",
        });

        var read = Assert.Single(KeyFile.Read(_keys.File));
        Assert.Equal((key.Id, AccessRole.Feed, "S*,T", 100, "valid"), (read.Id, read.Role, string.Join(',', read.Sources), read.Rate!.Value, read.StateAt(_keys.Time.GetUtcNow())));
        Assert.Equal(["P?"], read.Producers);
        Assert.DoesNotContain(key.Text[14..57], File.ReadAllText(_keys.File), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_keys.Folder, "*.new"));
    }

    [Fact]
    public async Task A_key_without_producers_is_written_as_before_there_were_any_and_may_use_all()
    {
        await _keys.AddAsync(AccessRole.Feed);

        Assert.DoesNotContain("producers", File.ReadAllText(_keys.File), StringComparison.Ordinal);
        var read = Assert.Single(KeyFile.Read(_keys.File));
        Assert.Null(read.Producers);
        Caller.Of(read).RequireProducer("any");
    }

    [Fact]
    public void Without_a_file_there_are_no_keys() => Assert.Empty(KeyFile.Read(_keys.File));

    [Fact]
    public async Task Only_the_owner_can_read_it()
    {
        await _keys.AddAsync(AccessRole.Read);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_keys.File));
        }
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, "604")]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, "660")]
    public async Task One_that_others_can_read_or_change_is_refused(UnixFileMode mode, string text)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await _keys.AddAsync(AccessRole.Read);
        File.SetUnixFileMode(_keys.File, mode);

        Assert.Equal(
            $"key file '{_keys.File}' has the mode {text}, so that others may read or change it; it must be 600 (chmod 600 does that)",
            Assert.Throws<IOException>(() => _keys.Gatekeeper).Message);
    }

    [Theory]
    [InlineData("", "is damaged: ")]
    [InlineData("{", "is damaged: ")]
    [InlineData("null", "is damaged: it is null")]
    [InlineData("""{"version":1}""", "is damaged: ")]
    [InlineData("""{"version":2,"keys":[]}""", "has version 2; this grid reads version 1")]
    [InlineData("""{"version":1,"keys":[null]}""", "a key is null")]
    [InlineData("""{"version":1,"keys":[{"id":"A","hash":"H","role":"read","created":"2024-01-01T00:00:00Z"}]}""", "id is 'A'; it must be 8 letters and digits")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"sha256:12","role":"read","created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': hash must be sha256: and 64 hexadecimal digits")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"god","created":"2024-01-01T00:00:00Z"}]}""", "is damaged: ")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"feed","created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': a feed key must name the sources that it may write; '*' is all")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"feed","sources":["a b"],"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': source 'a b' is no pattern: ")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"read","sources":["S"],"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': sources are for feed keys; a key of the role read has none")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"admin","producers":["P"],"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': producers are for feed keys; a key of the role admin has none")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"feed","sources":["S"],"producers":[],"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': it has 0 producers; it must be 1 to 256, or none named for any")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"feed","sources":["S"],"producers":["a\\b"],"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': producer 'a\\b' is no pattern: ")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"read","rate":0,"created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': rate is 0; it must be 1 to 1000000")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"read","expire":"2024-01-01T00:00:00Z","created":"2024-01-01T00:00:00Z"}]}""", "is damaged: ")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"read","certificate":"CN=x","created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH': certificate is 'CN=x'; it must be ")]
    [InlineData("""{"version":1,"keys":[{"id":"ABCDEFGH","hash":"H","role":"read","created":"2024-01-01T00:00:00Z"},{"id":"ABCDEFGH","hash":"H","role":"read","created":"2024-01-01T00:00:00Z"}]}""", "key 'ABCDEFGH' is there twice")]
    public void A_damaged_file_stops_the_start_and_says_where(string content, string message)
    {
        File.WriteAllText(_keys.File, content.Replace("\"H\"", $"\"{Hash}\"", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_keys.File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var e = Assert.Throws<IOException>(() => _keys.Gatekeeper);
        Assert.StartsWith($"key file '{_keys.File}'", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing()
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => _keys.AddAsync(AccessRole.Read))));

        Assert.Equal(keys.Select(k => k.Id).Order(StringComparer.Ordinal), KeyFile.Read(_keys.File).Select(k => k.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_change_that_breaks_a_rule_leaves_the_file_alone()
    {
        await _keys.AddAsync(AccessRole.Read);
        var before = File.ReadAllText(_keys.File);

        await Assert.ThrowsAsync<IOException>(() => _keys.AddAsync(AccessRole.Feed, r => r with { Sources = [] }));

        Assert.Equal(before, File.ReadAllText(_keys.File));
    }
}

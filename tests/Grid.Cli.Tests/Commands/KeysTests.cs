using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Grid.Testing;

namespace Grid.Cli.Tests.Commands;

/// <summary>Keys and TLS as a user meets them: <c>grid keys</c> beside a server that runs.</summary>
public sealed class KeysTests : IDisposable
{
    private const string Events = "kind,time,instrument,channel,sequence,price,size\ntrade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10\n";

    private readonly TempFolder _folder = new();

    private string Data => _folder.File("data");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Keys_let_in_until_they_are_revoked_and_no_file_but_their_holder_has_them()
    {
        var feeder = await CreateAsync("--role", "feed", "--source", "csv*", "--description", "the feeder");
        var reader = await CreateAsync("--role", "read", "--expires", "30d", "--rate", "1000");
        var admin = await CreateAsync("--role", "admin");
        var events = _folder.Write("events.csv", Events);
        using var server = GridProcess.Start("serve", "--data", Data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");

        await AssertRefusedAsync("this server asks for a key; an Authenticate frame before Hello brings it (option ApiKey of the client, --key of 'grid feed')", "feed", "csv", events, "--to", feed);
        await AssertRefusedAsync($"key '{IdOf(reader)}' has the role read; this needs the role feed", "feed", "csv", events, "--to", feed, "--key", reader);
        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", events, "--to", feed, "--key", feeder)).ExitCode);
        await AssertRefusedAsync("this server asks for a key; the header 'Authorization: Bearer KEY' or 'X-API-Key: KEY' brings it", "latest", "IBM", "--http", http);
        await AssertRefusedAsync($"key '{IdOf(feeder)}' has the role feed; this needs the role read", "latest", "IBM", "--http", http, "--key", feeder);
        using (var latest = GridProcess.Start(new Dictionary<string, string> { ["GRID_KEY"] = reader, ["GRID_HTTP"] = http }, "latest", "IBM", "--format", "csv"))
        {
            Assert.Contains("IBM,181.5,10", (await latest.EndAsync()).Output, StringComparison.Ordinal);
        }

        var instruments = _folder.Write("instruments.csv", "symbol,class,tick_size\nIBM,equity,0.01\n");
        await AssertRefusedAsync($"key '{IdOf(reader)}' has the role read; this needs the role admin", "import", "instruments", instruments, "--http", http, "--key", reader);
        Assert.Equal(0, (await GridProcess.RunAsync("import", "instruments", instruments, "--http", http, "--key", admin)).ExitCode);

        Assert.Equal(0, (await GridProcess.RunAsync("keys", "revoke", IdOf(reader), "--data", Data)).ExitCode);
        string errors;
        do
        {
            // The server looks at its keys once a second.
            errors = (await GridProcess.RunAsync("latest", "IBM", "--http", http, "--key", reader)).Errors;
        }
        while (errors.Length == 0);

        Assert.Equal($"grid: key '{IdOf(reader)}' was revoked", errors);
        var ended = await server.TerminateAsync();
        Assert.Equal(0, ended.ExitCode);
        var audit = File.ReadAllText(Assert.Single(Directory.GetFiles(Path.Combine(Data, "logs"), "audit-*.json")));
        Assert.Contains("PUT /v1/instruments", audit, StringComparison.Ordinal);
        Assert.Contains($"Revoked: {IdOf(reader)}", audit.Replace("\\\"", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
        foreach (var secret in new[] { feeder, reader, admin }.Select(k => k[14..57]))
        {
            Assert.DoesNotContain(secret, ended.Errors, StringComparison.Ordinal);
            Assert.All(Directory.GetFiles(Data, "*", SearchOption.AllDirectories), f => Assert.DoesNotContain(secret, Read(f), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task List_shows_rights_and_state_and_no_secret()
    {
        var key = await CreateAsync("--role", "feed", "--source", "A*", "--source", "B", "--producer", "plant-*", "--producer", "p", "--expires", "2100-01-01", "--rate", "5", "--description", "d");
        await GridProcess.RunAsync("keys", "revoke", IdOf(await CreateAsync("--role", "admin")), "--data", Data);

        using var json = JsonDocument.Parse((await GridProcess.RunAsync("keys", "list", "--data", Data, "--format", "json")).Output);
        var (first, second) = (json.RootElement[0], json.RootElement[1]);
        Assert.Equal(
            (IdOf(key), "feed", "A* B", "valid", "2100-01-01T00:00:00.000000000Z", 5, "d"),
            (first.GetProperty("id").GetString(), first.GetProperty("role").GetString(), first.GetProperty("sources").GetString(), first.GetProperty("state").GetString(),
                first.GetProperty("expires").GetString(), first.GetProperty("rate").GetInt32(), first.GetProperty("description").GetString()));
        Assert.Equal(("plant-* p", "*"), (first.GetProperty("producers").GetString(), second.GetProperty("producers").GetString()));
        Assert.Equal(("admin", "*", "revoked"), (second.GetProperty("role").GetString(), second.GetProperty("sources").GetString(), second.GetProperty("state").GetString()));
        Assert.DoesNotContain(key[14..], json.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_breaks_a_rule_is_told_in_one_line()
    {
        await AssertRefusedAsync("a feed key must name the sources that it may write; '*' is all", "keys", "create", "--role", "feed", "--data", Data);
        await AssertRefusedAsync("producers are for feed keys; a key of the role read has none", "keys", "create", "--role", "read", "--producer", "p", "--data", Data);
        await AssertRefusedAsync("--expires 2020-01-01T00:00:00.000000000Z is over", "keys", "create", "--role", "read", "--expires", "2020-01-01", "--data", Data);
        await AssertRefusedAsync("has no key 'AAAAAAAA'; 'grid keys list' shows the ids", "keys", "revoke", "AAAAAAAA", "--data", Data);
        var key = await CreateAsync("--role", "read");
        var result = await GridProcess.RunAsync("keys", "revoke", key, "--data", Data);
        Assert.DoesNotContain(key[14..], result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_address_than_loopback_is_refused_without_keys_and_for_the_feed_without_TLS()
    {
        const string NeedsKeys = "which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).";
        const string NeedsTls = "which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.";
        await AssertRefusedAsync($"grid: Http option EndPoint is 0.0.0.0:0, {NeedsKeys}", "serve", "--data", Data, "--feed", "127.0.0.1:0", "--http", "0.0.0.0:0");
        await AssertRefusedAsync($"grid: Feed option EndPoint is 0.0.0.0:0, {NeedsTls}", "serve", "--data", Data, "--feed", "0.0.0.0:0", "--http", "127.0.0.1:0");
        var certificate = new TestAuthority(_folder.Path).Issue("server").File;
        var config = _folder.Write("grid.json", $$"""{ "Tls": { "CertificateFile": "{{certificate}}" } }""");
        await AssertRefusedAsync($"grid: Feed option EndPoint is 0.0.0.0:0, {NeedsKeys}", "serve", "--config", config, "--data", Data, "--feed", "0.0.0.0:0", "--http", "127.0.0.1:0");

        await CreateAsync("--role", "read");
        using var server = GridProcess.Start("serve", "--config", config, "--data", Data, "--feed", "0.0.0.0:0", "--http", "0.0.0.0:0");
        Assert.StartsWith("https://0.0.0.0:", await server.ReadLineAsync("http "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_TLS_all_goes_over_it_and_nothing_past_it()
    {
        var authority = new TestAuthority(_folder.Path);
        var config = _folder.Write("grid.json", $$"""{ "Tls": { "CertificateFile": "{{authority.Issue("server").File}}" } }""");
        var key = await CreateAsync("--role", "admin");
        var events = _folder.Write("events.csv", Events);
        using var server = GridProcess.Start("serve", "--config", config, "--data", Data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");
        Assert.StartsWith("https://", http, StringComparison.Ordinal);

        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", events, "--to", feed, "--key", key, "--tls-ca", authority.CaFile)).ExitCode);
        Assert.Contains("181.5", (await GridProcess.RunAsync("latest", "IBM", "--http", http, "--key", key, "--tls-ca", authority.CaFile)).Output, StringComparison.Ordinal);
        await AssertRefusedAsync("closed the connection without an answer, as one with TLS does where the client has none (option Tls, --tls)", "feed", "csv", events, "--to", feed, "--key", key);
        await AssertRefusedAsync("cannot be reached", "latest", "IBM", "--http", http, "--key", key);
        await AssertRefusedAsync("cannot be reached", "latest", "IBM", "--http", http.Replace("https", "http", StringComparison.Ordinal), "--key", key);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(new Uri(http).Authority), TestContext.Current.CancellationToken);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes($"GET /v1/latest/IBM HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n"), TestContext.Current.CancellationToken);
        using var stream = new NetworkStream(socket);
        using var text = new StreamReader(stream);
        var answer = string.Empty;
        try
        {
            answer = await text.ReadToEndAsync(TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // A connection that is reset has told nothing either.
        }

        Assert.DoesNotContain("181.5", answer, StringComparison.Ordinal);
    }

    private async Task<string> CreateAsync(params string[] options)
    {
        var result = await GridProcess.RunAsync(["keys", "create", .. options, "--data", Data]);
        Assert.True(result.ExitCode == 0, result.Errors);
        var key = result.Output.Trim();
        Assert.Matches("^grid_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$", key);
        Assert.DoesNotContain(key, result.Errors, StringComparison.Ordinal);
        return key;
    }

    private static async Task AssertRefusedAsync(string message, params string[] args)
    {
        var result = await GridProcess.RunAsync(args);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
    }

    private static string IdOf(string key) => key[5..13];

    private static string Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}

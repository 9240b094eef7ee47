using System.Net;
using Grid.Cli.Commands;

namespace Grid.Cli.Tests.Commands;

public sealed class CommandLineTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "Required command", "--bogus")]
    [InlineData("grid feed", "FORMAT 'xml' is not lean, csv, ndjson", "feed", "xml", "x")]
    [InlineData("grid feed", "Required argument missing", "feed", "lean")]
    [InlineData("grid feed", "--ack 'soon' is not received, journaled, committed", "feed", "csv", "x", "--ack", "soon")]
    [InlineData("grid feed", "--policy 'all' is not sequence, batch, content, none", "feed", "csv", "x", "--policy", "all")]
    [InlineData("grid feed", "--to 'there' is not an address and a port", "feed", "csv", "x", "--to", "there")]
    [InlineData("grid feed", "--speed '-1' is not max or a number above 0", "feed", "csv", "x", "--speed", "-1")]
    [InlineData("grid feed", "--shuffle-window '0' is not a whole number from 1 to 16384", "feed", "csv", "x", "--shuffle-window", "0")]
    [InlineData("grid journal", "Required command", "journal")]
    [InlineData("grid bars", "--interval '2m' is not 1s, 1m, 5m, 15m, 1h, 1d", "bars", "X", "--interval", "2m")]
    [InlineData("grid ticks", "--from 'noon' is not a time", "ticks", "X", "--from", "noon")]
    [InlineData("grid ticks", "--format 'xml' is not table, json, csv", "ticks", "X", "--format", "xml")]
    [InlineData("grid ticks", "--limit '0' is not a whole number", "ticks", "X", "--limit", "0")]
    [InlineData("grid latest", "--http 'ftp://x' is not a URL", "latest", "X", "--http", "ftp://x")]
    [InlineData("grid keys create", "--role 'god' is not feed, read, admin", "keys", "create", "--role", "god")]
    [InlineData("grid keys create", "--expires 'soon' is not a time", "keys", "create", "--role", "read", "--expires", "soon")]
    [InlineData("grid keys create", "--role", "keys", "create")]
    [InlineData("grid serve", "--feed '7401' is not an address and a port", "serve", "--feed", "7401")]
    public async Task Wrong_usage_is_told_in_one_line_and_ends_with_2(string command, string message, params string[] args)
    {
        var result = await GridProcess.RunAsync(args);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("grid: ", result.Errors, StringComparison.Ordinal);
        Assert.Contains(message, result.Errors, StringComparison.Ordinal);
        Assert.EndsWith($"See '{(command.Length > 0 ? command : "grid")} --help'.", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Errors);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Failure_is_told_in_one_line_and_ends_with_1()
    {
        var noZip = _folder.Write("a.zip", "x");
        var cases = new (string Message, string[] Args)[]
        {
            ($"'{_folder.File("none")}' does not exist", ["feed", "lean", _folder.File("none")]),
            ($"'{noZip}' is no zip file", ["feed", "lean", noZip]),
            ($"'{_folder.Path}' is a folder", ["feed", "csv", _folder.Path]),
            ("the server 127.0.0.1:1 cannot be reached", ["feed", "csv", noZip, "--to", "127.0.0.1:1"]),
            ("Producer: name 'a b'", ["feed", "csv", noZip, "--producer", "a b"]),
            ($"data folder '{_folder.File("none")}' does not exist", ["journal", "verify", "--data", _folder.File("none")]),
            ($"'{_folder.Path}' holds no journal", ["journal", "verify", "--data", _folder.Path]),
            ("the server http://127.0.0.1:1/ cannot be reached", ["latest", "X", "--http", "http://127.0.0.1:1"]),
            ($"'{_folder.File("none")}' cannot be read", ["import", "instruments", _folder.File("none")]),
            ($"'{_folder.File("none")}' does not exist", ["serve", "--config", _folder.File("none")]),
        };

        foreach (var (message, args) in cases)
        {
            var result = await GridProcess.RunAsync(args);

            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith("grid: ", result.Errors, StringComparison.Ordinal);
            Assert.Contains(message, result.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', result.Errors);
        }
    }

    [Fact]
    public async Task Every_command_has_help()
    {
        foreach (var command in new[]
        {
            string.Empty, "serve", "demo", "feed", "latest", "ticks", "bars", "quarantine", "gaps", "sources", "status", "import instruments", "keys", "keys create", "keys list", "keys revoke", "journal", "journal status", "journal verify", "journal repair", "journal replay", "migrate", "migrate up", "migrate down", "migrate status",
        })
        {
            var result = await GridProcess.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

            Assert.Equal(0, result.ExitCode);
            Assert.Contains("Usage:", result.Output, StringComparison.Ordinal);
            Assert.Empty(result.Errors);
        }
    }

    [Fact]
    public async Task Help_of_feed_describes_every_column() =>
        Assert.Contains("bid, bid_size, ask, ask_size", (await GridProcess.RunAsync("feed", "--help")).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("127.0.0.1:7401", "127.0.0.1:7401")]
    [InlineData("[::1]:7401", "[::1]:7401")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    public void Address_and_port_are_understood(string text, string endPoint)
    {
        Assert.True(CommandLine.TryParseEndPoint(text, out var parsed));
        Assert.Equal(endPoint, parsed!.ToString());
    }

    [Fact]
    public void Host_name_stands_for_an_address()
    {
        Assert.True(CommandLine.TryParseEndPoint("db.example:9", out var parsed));
        Assert.Equal(new DnsEndPoint("db.example", 9), parsed);
    }

    [Theory]
    [InlineData("7401")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:70000")]
    [InlineData(":7401")]
    [InlineData("a b:1")]
    [InlineData("")]
    public void What_is_no_address_and_port_is_refused(string text) => Assert.False(CommandLine.TryParseEndPoint(text, out _));
}

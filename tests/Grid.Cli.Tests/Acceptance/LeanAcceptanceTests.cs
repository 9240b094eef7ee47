using System.Globalization;
using System.IO.Compression;
using Grid.Cli.Tests.Commands;

namespace Grid.Cli.Tests.Acceptance;

/// <summary>
/// All real ticks through the executable, as a user runs it: the bars against the publisher's own, twice over, shuffled, and
/// with the server killed while they come in.
/// </summary>
public sealed class LeanAcceptanceTests : IDisposable
{
    // Two minutes of the two days disagree in the publisher's own files; see the data's README.
    private const int AskMinutesThatDiffer = 2;

    internal static readonly string[] Days = ["20131007", "20131008"];

    private readonly TempFolder _folder = new();
    private readonly string _ticks = SharedData.Require("lean/equity-tick");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Real_ticks_make_the_publishers_minutes_and_a_second_run_changes_nothing()
    {
        var data = _folder.File("data");
        using var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");

        var first = await GridProcess.RunAsync("feed", "lean", _ticks, "--to", feed, "--policy", "sequence", "--format", "csv");
        Assert.Equal((0, string.Empty), (first.ExitCode, first.Errors));
        Assert.Contains("\nduplicate,,0\nrejected,,0\n", first.Output, StringComparison.Ordinal);
        var before = await BarsAsync(http);
        CompareWithPublisher(before);
        var latest = (await GridProcess.RunAsync("latest", "AIG", "BAC", "IBM", "SPY", "--http", http, "--format", "csv")).Output;
        var ticks = await TicksAsync(http);

        var second = await GridProcess.RunAsync("feed", "lean", _ticks, "--to", feed, "--policy", "sequence", "--format", "csv");
        Assert.Equal((0, string.Empty), (second.ExitCode, second.Errors));
        Assert.Contains("\naccepted,,0\nflagged,,0\n", second.Output, StringComparison.Ordinal);
        Assert.Equal(before, await BarsAsync(http));
        Assert.Equal(latest, (await GridProcess.RunAsync("latest", "AIG", "BAC", "IBM", "SPY", "--http", http, "--format", "csv")).Output);
        Assert.Equal(ticks, await TicksAsync(http));
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
    }

    [Fact]
    public async Task Shuffled_and_killed_runs_make_the_same_market()
    {
        var inOrder = await RunAsync("ordered", []);
        var shuffled = await RunAsync("shuffled", ["--shuffle-window", "1000", "--seed", "7"]);
        var killed = await RunKilledAsync("killed", new Random(11));

        Assert.Equal(inOrder, shuffled);
        Assert.Equal(inOrder, killed);
    }

    private async Task<string> RunAsync(string name, string[] how)
    {
        var data = _folder.File(name);
        using var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var fed = await GridProcess.RunAsync(["feed", "lean", _ticks, "--to", await server.ReadLineAsync("feed "), .. how]);
        Assert.Equal((0, string.Empty), (fed.ExitCode, fed.Errors));
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        return await MarketAsync(data);
    }

    private async Task<string> RunKilledAsync(string name, Random random)
    {
        var data = _folder.File(name);
        var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        try
        {
            var feed = await server.ReadLineAsync("feed ");
            using var feeder = GridProcess.Start("feed", "lean", _ticks, "--to", feed);
            feeder.Input.Close();
            for (var kill = 0; kill < 4; kill++)
            {
                // All of the ticks are some 50 MB of journal; the server dies somewhere in each of the first four fifths.
                await JournalReachesAsync(data, (kill * 8_000_000L) + random.Next(1_000_000, 8_000_000));
                await server.KillAsync();
                server.Dispose();
                server = GridProcess.Start("serve", "--data", data, "--feed", feed, "--http", "127.0.0.1:0");
                await server.ReadLineAsync("feed ");
            }

            var fed = await feeder.EndAsync();
            Assert.True(fed.ExitCode == 0, fed.Errors);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        }
        finally
        {
            server.Dispose();
        }

        return await MarketAsync(data);
    }

    private static async Task<string> MarketAsync(string data)
    {
        var replay = await GridProcess.RunAsync("journal", "replay", "--hash", "--data", data);
        Assert.True(replay.ExitCode == 0, replay.Errors);
        return replay.Output.Split('\n')[0];
    }

    // Returns when the journal holds so many bytes that are not the zeros its files are made of, or has stopped growing.
    private static async Task JournalReachesAsync(string data, long bytes)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        var patience = TimeProvider.System.GetTimestamp();
        while (JournalBytes(data) < bytes && TimeProvider.System.GetElapsedTime(patience) < TimeSpan.FromSeconds(5))
        {
            await timer.WaitForNextTickAsync();
        }
    }

    private static long JournalBytes(string data)
    {
        long bytes = 0;
        foreach (var path in Directory.GetFiles(Path.Combine(data, "journal"), "*.journal"))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            bytes += EndOfData(file);
        }

        return bytes;
    }

    private static long EndOfData(FileStream file)
    {
        Span<byte> block = stackalloc byte[4096];
        long low = 0;
        var high = file.Length / block.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            file.Position = middle * block.Length;
            var read = file.Read(block);
            if (block[..read].ContainsAnyExcept((byte)0))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low * block.Length;
    }

    private static async Task<Dictionary<string, string>> BarsAsync(string http)
    {
        var bars = new Dictionary<string, string>();
        foreach (var symbol in (string[])["AIG", "BAC", "IBM", "SPY"])
        {
            // New York is four hours behind UTC in October.
            var answer = await GridProcess.RunAsync(
                "bars", symbol, "--interval", "1m", "--from", "2013-10-07T04:00:00Z", "--to", "2013-10-09T04:00:00Z", "--limit", "10000", "--format", "csv", "--http", http);
            Assert.True(answer.ExitCode == 0, answer.Errors);
            bars[symbol] = answer.Output;
        }

        return bars;
    }

    private static async Task<string> TicksAsync(string http)
    {
        var answer = await GridProcess.RunAsync(
            "ticks", "IBM", "--from", "2013-10-07T19:00:00Z", "--to", "2013-10-07T20:00:00Z", "--limit", "100000", "--format", "csv", "--http", http);
        Assert.True(answer.ExitCode == 0, answer.Errors);
        return answer.Output;
    }

    private static void CompareWithPublisher(Dictionary<string, string> barsBySymbol)
    {
        var volumesCompared = 0;
        var sidesCompared = 0;
        var volumesWrong = new List<string>();
        var bidsWrong = new List<string>();
        var asksWrong = new List<string>();
        foreach (var (symbol, csv) in barsBySymbol)
        {
            var bars = Parse(csv);
            foreach (var day in Days)
            {
                foreach (var row in PublishersRows(symbol, day, "trade").Where(r => IsComparable(r[0])))
                {
                    volumesCompared++;
                    if (bars[TimeOf(day, row[0])]["volume"] != row[5].ToString(CultureInfo.InvariantCulture))
                    {
                        volumesWrong.Add($"{symbol} {day} {TimeSpan.FromMilliseconds(row[0]):hh\\:mm}");
                    }
                }

                foreach (var row in PublishersRows(symbol, day, "quote"))
                {
                    var bar = bars[TimeOf(day, row[0])];
                    sidesCompared++;
                    AddIfWrong(bidsWrong, bar["bid"], bar["bid_size"], row[4], row[5], symbol, day);
                    AddIfWrong(asksWrong, bar["ask"], bar["ask_size"], row[9], row[10], symbol, day);
                }
            }
        }

        Assert.True(volumesCompared > 4_000 && sidesCompared > 2_000, $"{volumesCompared} volumes and {sidesCompared} quotes were compared");
        Assert.Equal(["AIG 20131007 13:46"], volumesWrong);
        Assert.Empty(bidsWrong);
        Assert.Equal(AskMinutesThatDiffer, asksWrong.Count);
    }

    private static void AddIfWrong(List<string> wrong, string price, string size, long publishedPrice, long publishedSize, string symbol, string day)
    {
        if (decimal.Parse(price, CultureInfo.InvariantCulture) * 10_000 != publishedPrice || size != publishedSize.ToString(CultureInfo.InvariantCulture))
        {
            wrong.Add($"{symbol} {day}: {price} x {size}, published {publishedPrice} x {publishedSize}");
        }
    }

    // Opening and closing auctions are counted in other minutes by the publisher.
    internal static bool IsComparable(long milliseconds)
    {
        var minute = milliseconds / 60_000;
        return minute < (9 * 60) + 30 || minute is >= (9 * 60) + 32 and <= (15 * 60) + 58 || minute >= (16 * 60) + 2;
    }

    internal static string TimeOf(string day, long milliseconds) =>
        new DateTime(int.Parse(day.AsSpan(0, 4), CultureInfo.InvariantCulture), int.Parse(day.AsSpan(4, 2), CultureInfo.InvariantCulture), int.Parse(day.AsSpan(6), CultureInfo.InvariantCulture), 4, 0, 0, DateTimeKind.Utc)
            .AddMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + ".000000000Z";

    private static Dictionary<string, Dictionary<string, string>> Parse(string csv)
    {
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var header = lines[0].Split(',');
        Assert.Equal(["time", "open", "high", "low", "close", "volume", "vwap", "count", "bid", "bid_size", "ask", "ask_size"], header);
        return lines.Skip(1).Select(l => l.Split(',')).ToDictionary(c => c[0], c => header.Zip(c).ToDictionary(p => p.First, p => p.Second));
    }

    internal static IEnumerable<long[]> PublishersRows(string symbol, string day, string kind)
    {
        var path = Path.Combine(SharedData.Require("lean/equity-minute"), symbol.ToLowerInvariant(), $"{day}_{kind}.zip");
        if (!File.Exists(path))
        {
            yield break;
        }

        using var zip = ZipFile.OpenRead(path);
        using var reader = new StreamReader(zip.Entries[0].Open());
        while (reader.ReadLine() is { } line)
        {
            yield return [.. line.Split(',').Select(f => f.Length == 0 ? 0 : long.Parse(f, CultureInfo.InvariantCulture))];
        }
    }
}

using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Grid.Cli.Tests.Commands;
using Grid.Client.Feed;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Storage.Archive;
using Grid.Storage.Parquet;

namespace Grid.Cli.Tests.Acceptance;

/// <summary>
/// The archive through the executable: all real ticks come back as they were published, and a server that is killed again and again while it archives loses and doubles
/// nothing. Twenty kills in a normal run, two hundred with GRID_TEST_LONG=1.
/// </summary>
public sealed class ArchiveAcceptanceTests(ITestOutputHelper output) : IDisposable
{
    // 2013-10-07 and -08 in New York: four hours behind UTC.
    private const long ZoneNs = 4 * 3_600 * UnixNanos.PerSecond;
    private const int EventsPerRound = 3_000;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Real_ticks_come_back_from_the_archive_every_row_in_order()
    {
        var ticks = SharedData.Require("lean/equity-tick");
        using var server = Serve("data", "127.0.0.1:0", rows: 400_000);
        var http = await server.ReadLineAsync("http ");
        var fed = await GridProcess.RunAsync("feed", "lean", ticks, "--to", await server.ReadLineAsync("feed "));
        Assert.Equal((0, string.Empty), (fed.ExitCode, fed.Errors));
        await ArchivedAsync(http, 2_330_325);
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        var verified = await GridProcess.RunAsync("archive", "verify", "--data", _folder.File("data"), "--format", "csv");
        Assert.Equal((0, string.Empty), (verified.ExitCode, verified.Errors));
        foreach (var symbol in (string[])["AIG", "BAC", "IBM", "SPY"])
        {
            var trades = Published(ticks, symbol, "trade").Select(f => (Time(f[0], f.Day), Price: Price4(f[1]), Size: Size(f[2])));
            Assert.Equal(trades, Archived("data", ArchiveKind.Trade, symbol, "price", "size").Select(r => (r.Time, r.First, r.Second)));
            var quotes = Published(ticks, symbol, "quote").Select(f => (Time(f[0], f.Day), Bid: f[1] == "0" ? null : Price4(f[1]), Ask: f[3] == "0" ? null : Price4(f[3])));
            Assert.Equal(quotes, Archived("data", ArchiveKind.Quote, symbol, "bid", "ask").Select(r => (r.Time, r.First, r.Second)));
        }
    }

    [Fact]
    public async Task Killed_at_any_moment_the_archive_has_every_event_once()
    {
        var rounds = Environment.GetEnvironmentVariable("GRID_TEST_LONG") == "1" ? 200 : 20;
        const int Seed = 20241130;
        output.WriteLine($"seed {Seed}, {rounds} rounds");
        var random = new Random(Seed);
        var server = Serve("killed", "127.0.0.1:0", rows: 1_000);
        try
        {
            var http = await server.ReadLineAsync("http ");
            var feed = await server.ReadLineAsync("feed ");
            await using var producer = await ConnectAsync(feed);
            var sent = 0L;
            for (var round = 0; round < rounds; round++)
            {
                var killAt = producer.Totals.EventsAcknowledged + random.Next(0, EventsPerRound);
                var sending = SendAsync(producer, sent, EventsPerRound);
                sent += EventsPerRound;
                await WaitAsync(() => producer.Totals.EventsAcknowledged >= killAt);
                await server.KillAsync();
                server.Dispose();
                server = Serve("killed", feed, rows: 1_000);
                http = await server.ReadLineAsync("http ");
                await sending;
            }

            await producer.DrainAsync(TestContext.Current.CancellationToken);
            await ArchivedAsync(http, sent);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
            var verified = await GridProcess.RunAsync("archive", "verify", "--data", _folder.File("killed"));
            Assert.Equal((0, string.Empty), (verified.ExitCode, verified.Errors));
            Assert.Equal(
                Enumerable.Range(1, (int)sent).Select(s => (long?)s),
                Archived("killed", ArchiveKind.Trade, symbol: null, "sequence", "sequence").Select(r => r.First).Order());
            output.WriteLine($"{sent} events, {producer.Totals.Reconnects} reconnections, {Manifests("killed").Count} publications");
        }
        finally
        {
            server.Dispose();
        }
    }

    private GridProcess Serve(string name, string feed, int rows)
    {
        var config = _folder.File("grid.json");
        File.WriteAllText(config, string.Create(CultureInfo.InvariantCulture, $$"""{ "Archive": { "PublishAfter": "00:00:01", "RowsMax": {{rows}} } }"""));
        return GridProcess.Start("serve", "--data", _folder.File(name), "--feed", feed, "--http", "127.0.0.1:0", "--ilp", "127.0.0.1:0", "--config", config);
    }

    private static Task<FeedClient> ConnectAsync(string feed) => FeedClient.ConnectAsync(
        new FeedClientOptions
        {
            Server = IPEndPoint.Parse(feed),
            Producer = "killed",
            BatchEvents = 100,
            ReconnectAttemptsMax = 100_000,
            BackoffMin = TimeSpan.FromMilliseconds(5),
            BackoffMax = TimeSpan.FromMilliseconds(50),
        },
        cancel: TestContext.Current.CancellationToken);

    private static async Task SendAsync(FeedClient producer, long after, int count)
    {
        var source = producer.DeclareSource(new SourceDeclaration { Name = "killed" });
        for (var sequence = after + 1; sequence <= after + count; sequence++)
        {
            await producer.AddAsync(
                new MarketEvent
                {
                    Kind = EventKind.Trade,
                    Source = source,
                    Instrument = producer.Instrument(Encoding.ASCII.GetBytes($"I{sequence % 7}")),
                    Sequence = (ulong)sequence,
                    EventTime = new UnixNanos((1_709_303_400 * UnixNanos.PerSecond) + (sequence * 20_000_000)),
                    F0 = (100 + (sequence % 97)) * Price.One,
                    F1 = Quantity.One,
                },
                TestContext.Current.CancellationToken);
        }

        await producer.FlushAsync(TestContext.Current.CancellationToken);
    }

    private static async Task ArchivedAsync(string http, long rows)
    {
        using var client = new HttpClient();
        var seen = -1L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (seen != rows)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            using var status = JsonDocument.Parse(await client.GetStringAsync(new Uri($"{http}/v1/status"), TestContext.Current.CancellationToken));
            var archive = status.RootElement.GetProperty("archive");
            Assert.Equal(JsonValueKind.Null, archive.GetProperty("error").ValueKind);
            seen = archive.GetProperty("rows").GetInt64();
            Assert.True(seen <= rows, $"{seen} rows are archived of {rows}");
        }
    }

    private static async Task WaitAsync(Func<bool> until)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (!until())
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    private IReadOnlyList<ArchiveManifest> Manifests(string name) =>
        [.. ArchiveFolder.ReadManifests(_folder.File(name))];

    // Files of a kind in the order of their dates and of the journal, merged by time as a reader would.
    private IEnumerable<(long Time, long? First, long? Second)> Archived(string name, ArchiveKind kind, string? symbol, string first, string second)
    {
        var rows = new List<(long Time, ulong Sequence, long? First, long? Second)>();
        foreach (var part in Manifests(name).SelectMany(m => m.Parts).Where(p => p.Kind == kind))
        {
            using var file = ParquetFile.Open(Path.Combine(_folder.File(name), ArchiveFolder.FolderName, part.File));
            var reader = file.Read(
                ["time", "sequence", first, second], symbol is null ? null : [ParquetRange.Of("instrument", Encoding.ASCII.GetBytes(symbol))]);
            var names = file.Read(["instrument"], symbol is null ? null : [ParquetRange.Of("instrument", Encoding.ASCII.GetBytes(symbol))]);
            while (reader.NextBatch())
            {
                Assert.True(names.NextBatch());
                Assert.Equal(reader.Rows, names.Rows);
                for (var row = 0; row < reader.Rows; row++)
                {
                    if (symbol is null || names[0].Bytes(row).SequenceEqual(Encoding.ASCII.GetBytes(symbol)))
                    {
                        rows.Add((reader[0].Int64(row), (ulong)reader[1].Int64(row), Value(reader, 2, row), Value(reader, 3, row)));
                    }
                }
            }
        }

        return rows.OrderBy(r => (r.Time, r.Sequence)).Select(r => (r.Time, r.First, r.Second));
    }

    private static long? Value(ParquetReader reader, int column, int row) => reader[column].IsNull(row) ? null : reader[column].Int64(row);

    private static IEnumerable<PublishedRow> Published(string ticks, string symbol, string kind) =>
        LeanAcceptanceTests.Days.SelectMany(day => Lines(Path.Combine(ticks, symbol.ToLowerInvariant(), $"{day}_{kind}.zip")).Select(line => new PublishedRow(day, line.Split(','))));

    // Not every symbol has quotes.
    private static List<string> Lines(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using var zip = ZipFile.OpenRead(path);
        using var reader = new StreamReader(zip.Entries[0].Open());
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
    }

    private static long Time(string milliseconds, string day)
    {
        var midnight = DateTime.ParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return UnixNanos.From(new DateTimeOffset(midnight)).Value + (long.Parse(milliseconds, CultureInfo.InvariantCulture) * 1_000_000) + ZoneNs;
    }

    private static long? Price4(string text) => long.Parse(text, CultureInfo.InvariantCulture) * 100_000;

    private static long? Size(string text) => long.Parse(text, CultureInfo.InvariantCulture) * 1_000_000_000;

    private sealed record PublishedRow(string Day, string[] Fields)
    {
        public string this[int field] => Fields[field];
    }
}

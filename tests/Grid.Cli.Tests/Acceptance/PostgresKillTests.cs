using System.Globalization;
using System.Net;
using Grid.Cli.Tests.Commands;
using Grid.Client.Feed;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Testing.Postgres;

namespace Grid.Cli.Tests.Acceptance;

/// <summary>
/// The executable and a PostgreSQL of its own, one of which is killed again and again at random moments of a seed while a
/// producer waits for its events to be committed, and the executable without the disk that it had. Twenty kills in a normal run, two hundred with GRID_TEST_LONG=1.
/// </summary>
public sealed class PostgresKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Instruments = 5;
    private const int BatchEvents = 50;
    private const int EventsPerRoundMax = 4_000;

    // 2024-03-01T14:30:00Z, and 20 ms from event to event.
    private static readonly UnixNanos Start = new(1_709_303_400 * UnixNanos.PerSecond);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_any_moment_grid_and_PostgreSQL_together_lose_and_double_nothing()
    {
        var rounds = Environment.GetEnvironmentVariable("GRID_TEST_LONG") == "1" ? 200 : 20;
        const int Seed = 20240301;
        output.WriteLine($"seed {Seed}, {rounds} rounds");
        var random = new Random(Seed);
        await using var postgres = new PrivatePostgres();
        await using var database = await postgres.CreateDatabaseAsync();
        var config = WriteConfig(database.ConnectionString);
        var server = Serve("killed", "127.0.0.1:0", config);
        try
        {
            var feed = await server.ReadLineAsync("feed ");
            await using var producer = await ConnectAsync(feed, FeedAck.Committed);
            var sent = 0L;
            for (var round = 0; round < rounds; round++)
            {
                var more = random.Next(BatchEvents, EventsPerRoundMax);
                var killAt = producer.Totals.EventsAcknowledged + random.Next(0, more);
                var sending = SendAsync(producer, sent, more);
                sent += more;
                await AcknowledgedAsync(producer, killAt);
                if (random.Next(3) == 0)
                {
                    await postgres.KillAsync();
                    await postgres.StartAsync();
                }
                else
                {
                    await server.KillAsync();
                    server.Dispose();
                    await CheckAsync(database, producer.Totals.EventsAcknowledged, sent);
                    server = Serve("killed", feed, config);
                    await server.ReadLineAsync("feed ");
                }

                await sending;
                await CheckAsync(database, producer.Totals.EventsAcknowledged, sent);
            }

            var totals = await producer.DrainAsync(TestContext.Current.CancellationToken);
            Assert.Equal(sent, totals.EventsAcknowledged);
            output.WriteLine($"{sent} events, {totals.Reconnects} reconnections");
            await CheckAllAsync(database, sent);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
            Assert.Equal(await MarketOfUndisturbedAsync(sent), await MarketAsync("killed"));
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public async Task A_lost_disk_is_replaced_by_what_PostgreSQL_holds_however_often_the_start_is_killed()
    {
        const int Events = 60_000;
        await using var postgres = new PrivatePostgres();
        await using var database = await postgres.CreateDatabaseAsync();
        var config = WriteConfig(database.ConnectionString);
        var server = Serve("lost", "127.0.0.1:0", config);
        try
        {
            var feed = await server.ReadLineAsync("feed ");
            await using var producer = await ConnectAsync(feed, FeedAck.Committed);
            await SendAsync(producer, 0, Events);
            await producer.DrainAsync(TestContext.Current.CancellationToken);
            var sending = SendAsync(producer, Events, Events);
            await server.KillAsync();
            server.Dispose();
            Directory.Delete(_folder.File("lost"), recursive: true);

            using (var untold = Serve("instead", feed, config))
            {
                var refused = await untold.EndAsync();
                Assert.Equal(1, refused.ExitCode);
                Assert.Contains("take this one over with serve --take-over", refused.Errors, StringComparison.Ordinal);
            }

            var interrupted = 0;
            for (var kill = 0; kill < 4; kill++)
            {
                using var killed = Serve("instead", feed, config, "--take-over");
                interrupted += await KillWhileFillingAsync(killed) ? 1 : 0;
            }

            Assert.True(interrupted > 0, "no start was killed while it filled its folder");
            server = Serve("instead", feed, config, "--take-over");
            await server.ReadLineAsync("feed ");
            await sending;
            var totals = await producer.DrainAsync(TestContext.Current.CancellationToken);
            output.WriteLine($"{interrupted} starts killed while they filled the folder, {totals.Reconnects} reconnections");
            await CheckAllAsync(database, 2 * Events);

            // Another producer sends everything once more: windows tell of the newest what they are, and of the others that they cannot be new.
            await using (var again = await ConnectAsync(feed, FeedAck.Committed, "again"))
            {
                await SendAsync(again, 0, 2 * Events);
                var outcomes = (await again.DrainAsync(TestContext.Current.CancellationToken)).Outcomes;
                Assert.Equal((2 * Events, 0L), (outcomes.Duplicate + outcomes[Outcome.Reject(RejectReason.OlderThanWindow)], outcomes.Accepted + outcomes.Flagged));
                Assert.True(outcomes.Duplicate >= Instruments * 960, $"only {outcomes.Duplicate} are known as duplicates");
            }

            await CheckAllAsync(database, 2 * Events);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
            Assert.Equal(await MarketOfUndisturbedAsync(2 * Events), await MarketAsync("instead"));
        }
        finally
        {
            server.Dispose();
        }
    }

    // True if the folder was not filled by then.
    private async Task<bool> KillWhileFillingAsync(GridProcess server)
    {
        var mark = Path.Combine(_folder.File("instead"), "filling");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var begun = new FileInfo(mark) is { Exists: true } left ? left.LastWriteTimeUtc : DateTime.MinValue;
        while (!IsFilled() && (new FileInfo(mark) is not { Exists: true } file || file.LastWriteTimeUtc == begun))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        await server.KillAsync();
        return !IsFilled();

        bool IsFilled() => Directory.Exists(Path.Combine(_folder.File("instead"), "snapshots"))
            && Directory.EnumerateFiles(Path.Combine(_folder.File("instead"), "snapshots"), "*.snapshot").Any();
    }

    private string WriteConfig(string connection)
    {
        var path = _folder.File("grid.json");
        File.WriteAllText(path, $$$"""
            { "Postgres": { "ConnectionString": "{{{connection}}}", "Migrate": true, "FlushInterval": "00:00:00.005", "FlushRowsMin": 200,
              "RetryDelay": "00:00:00.005", "RetryDelayMax": "00:00:00.05", "CircuitOpenFor": "00:00:00.05" } }
            """);
        return path;
    }

    private GridProcess Serve(string name, string feed, string? config = null, params string[] more) => GridProcess.Start(
        ["serve", "--data", _folder.File(name), "--feed", feed, "--http", "127.0.0.1:0", .. config is null ? Array.Empty<string>() : ["--config", config], .. more]);

    private static Task<FeedClient> ConnectAsync(string feed, FeedAck ack, string producer = "killed") => FeedClient.ConnectAsync(
        new FeedClientOptions
        {
            Server = IPEndPoint.Parse(feed),
            Producer = producer,
            Ack = ack,
            BatchEvents = BatchEvents,
            ReconnectAttemptsMax = 100_000,
            BackoffMin = TimeSpan.FromMilliseconds(5),
            BackoffMax = TimeSpan.FromMilliseconds(50),
        },
        cancel: TestContext.Current.CancellationToken);

    private static async Task SendAsync(FeedClient producer, long after, int count)
    {
        var source = producer.DeclareSource(new SourceDeclaration { Name = "killed", IsContiguous = true });
        for (var sequence = after + 1; sequence <= after + count; sequence++)
        {
            await producer.AddAsync(
                new MarketEvent
                {
                    Kind = EventKind.Trade,
                    Source = source,
                    Instrument = producer.Instrument(System.Text.Encoding.ASCII.GetBytes($"I{sequence % Instruments}")),
                    Sequence = (ulong)sequence,
                    EventTime = new UnixNanos(Start.Value + (sequence * 20_000_000)),
                    F0 = (100 + (sequence % 97)) * Price.One,
                    F1 = SizeOf(sequence) * Quantity.One,
                },
                TestContext.Current.CancellationToken);
        }

        await producer.FlushAsync(TestContext.Current.CancellationToken);
    }

    private static long SizeOf(long sequence) => 1 + (sequence % 13);

    private static async Task AcknowledgedAsync(FeedClient producer, long events)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (producer.Totals.EventsAcknowledged < events)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    // Acknowledged is stored, stored was sent, and nothing is there twice.
    private static async Task CheckAsync(PrivateDatabase database, long acknowledged, long sent) => Assert.Equal(
        [$"{acknowledged}|0|0"],
        await database.RowsAsync($"""
            SELECT count(*) FILTER (WHERE sequence <= {acknowledged}), count(*) FILTER (WHERE sequence > {sent}), count(*) - count(DISTINCT sequence) FROM grid.tick
            """));

    private static async Task CheckAllAsync(PrivateDatabase database, long sent)
    {
        var volume = Enumerable.Range(1, (int)sent).Sum(s => SizeOf(s));
        Assert.Equal(
            [$"{sent}|{sent}|{volume}|{sent}|{volume}|{sent}|{sent}"],
            await database.RowsAsync($"""
                SELECT count(*), count(DISTINCT sequence), (sum(size) / 100000000)::bigint,
                    (SELECT sum(count) FROM grid.bar), (SELECT (sum(volume) / 100000000)::bigint FROM grid.bar),
                    (SELECT sum(ticks) FROM grid.latest), (SELECT sum(accepted + flagged) FROM grid.data_quality_log)
                FROM grid.tick
                """));
        Assert.Equal(
            Enumerable.Range(0, Instruments).Select(i => string.Create(CultureInfo.InvariantCulture, $"I{i}|{sent - ((sent - i) % Instruments)}")),
            await database.RowsAsync("SELECT symbol, last_sequence FROM grid.latest JOIN grid.instrument ON id = instrument_id ORDER BY symbol"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM grid.gap"));
    }

    private async Task<string> MarketOfUndisturbedAsync(long sent)
    {
        using var server = Serve("undisturbed", "127.0.0.1:0");
        await using (var producer = await ConnectAsync(await server.ReadLineAsync("feed "), FeedAck.Journaled))
        {
            await SendAsync(producer, 0, (int)sent);
            await producer.DrainAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        return await MarketAsync("undisturbed");
    }

    private async Task<string> MarketAsync(string name)
    {
        var replay = await GridProcess.RunAsync("journal", "replay", "--hash", "--data", _folder.File(name));
        Assert.True(replay.ExitCode == 0, replay.Errors);
        return replay.Output.Split('\n')[0];
    }
}

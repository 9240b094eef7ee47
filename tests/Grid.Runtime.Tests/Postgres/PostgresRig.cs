using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage.Postgres;
using Grid.Testing;
using Grid.Testing.Postgres;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>A data folder and a database with the schema, and the grids that a test opens on them, on the real clock unless it is set.</summary>
internal sealed class PostgresRig : IAsyncDisposable
{
    private readonly GridFolder _folder = new();
    private readonly List<EmbeddedGrid> _grids = [];

    private PostgresRig(PrivateDatabase database)
    {
        Database = database;
        Options.Postgres = OptionsOf(database.ConnectionString);
    }

    public PrivateDatabase Database { get; }

    public EmbeddedGridOptions Options => _folder.Options;

    public PostgresOptions Postgres => Options.Postgres!;

    public GridFolder Folder => _folder;

    public SetTime Time { get; } = new();

    public RecordedLog Log { get; } = new();

    public static async Task<PostgresRig> OpenAsync(PrivatePostgres server) => new(await server.CreateDatabaseAsync(MigrateAsync));

    /// <summary>Options of a grid that is in a hurry, as tests are.</summary>
    public static PostgresOptions OptionsOf(string connection) => new()
    {
        ConnectionString = connection,
        FlushInterval = TimeSpan.FromMilliseconds(1),
        FlushRowsMin = 100,
        RetryDelay = TimeSpan.FromMilliseconds(5),
        RetryDelayMax = TimeSpan.FromMilliseconds(50),
        StopTimeout = TimeSpan.FromSeconds(3),
        CircuitOpenFor = TimeSpan.FromMilliseconds(50),
    };

    public static async Task MigrateAsync(string connection)
    {
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(connection));
        await migrator.UpAsync();
    }

    public async Task<EmbeddedGrid> OpenGridAsync()
    {
        var grid = await EmbeddedGrid.OpenAsync(Options, Time, Log);
        _grids.Add(grid);
        return grid;
    }

    /// <summary>Opens what a process leaves behind that is killed now; the killed one goes on meanwhile, as a stalled one would.</summary>
    public Task<EmbeddedGrid> OpenAfterKillAsync()
    {
        _folder.PrepareAfterKill();
        return OpenGridAsync();
    }

    /// <summary>From here on the data folder is an empty one, as on another machine.</summary>
    public void UseAnotherFolder() => _folder.UseAnother();

    /// <summary>Opens an empty folder with the database, whose own folder is lost.</summary>
    public Task<EmbeddedGrid> OpenInsteadAsync(bool takesOver = true)
    {
        UseAnotherFolder();
        Postgres.TakeOver = takesOver;
        return OpenGridAsync();
    }

    /// <summary>Checks that the database says what a grid says, of everything.</summary>
    public async Task CheckSameAsync(EmbeddedGrid grid)
    {
        var status = grid.GetStatus();
        var applied = 0L;
        foreach (var id in await grid.FindInstrumentsAsync("*", null, int.MaxValue, CancellationToken.None))
        {
            var symbol = grid.Names.Symbol(id);
            var ticks = await grid.TicksAsync(symbol);
            applied += ticks.Count;
            Assert.Equal(ticks.Select(t => Text(grid, t)).Order(StringComparer.Ordinal), (await TicksAsync(symbol)).Order(StringComparer.Ordinal));
            Assert.Equal((await grid.BarsAsync(symbol, "1m")).Select(Text), await BarsAsync(symbol));
            Assert.Equal(Text(grid, grid.Latest(symbol)), Assert.Single(await LatestAsync(symbol)));
            Assert.True(grid.TryGetQuality(id, out var quality));

            // What is brought again after a kill is late if PostgreSQL's latest row was ahead of its ticks.
            var isLateExact = _grids.Count == 1;
            Assert.Equal(
                [$"{quality.Counts.Accepted}|{quality.Counts.Flagged}|{quality.Counts.Duplicate}|{quality.Counts.Rejected}|{(isLateExact ? quality.Counts.Late : 0)}"],
                await Database.RowsAsync(
                    $"SELECT sum(accepted), sum(flagged), sum(duplicate), sum(rejected), {(isLateExact ? "sum(late)" : "0")} FROM grid.data_quality_log JOIN grid.instrument ON id = instrument_id WHERE symbol = {Quoted(symbol)}"));
        }

        Assert.Equal(status.Outcomes.Accepted + status.Outcomes.Flagged - await Database.ScalarAsync<long>("SELECT count(*) FROM grid.instrument_definition"), applied);
        Assert.Equal(status.Outcomes.Rejected, await Database.ScalarAsync<long>("SELECT count(*) FROM grid.quarantine"));
        Assert.Equal(
            (await grid.GetGapsAsync(int.MaxValue, CancellationToken.None)).Select(g => $"{grid.Names.Sources.Text(g.Source.Value)}|{g.FirstMissing}|{g.LastMissing}").Order(StringComparer.Ordinal),
            (await Database.RowsAsync("SELECT s.name, g.first_missing, g.last_missing FROM grid.gap g JOIN grid.source s ON s.id = g.source_id")).Order(StringComparer.Ordinal));
        Assert.Equal(
            (await grid.GetProducersAsync(CancellationToken.None)).Where(p => p.LastBatch > 0).Select(p => $"{p.Name}|{p.Epoch}|{p.LastBatch}"),
            await Database.RowsAsync("SELECT name, epoch, last_batch FROM grid.producer WHERE last_batch > 0 ORDER BY name"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var grid in _grids)
        {
            await grid.DisposeAsync();
        }

        await _folder.DisposeAsync();
        await Database.DisposeAsync();
        Log.Dispose();
    }

    public Task<IReadOnlyList<string>> TicksAsync(string symbol) => Database.RowsAsync(
        $"""
        SELECT kind, flags, outcome, (extract(epoch FROM event_time) * 1000000)::bigint * 1000 + event_ns, s.name, sequence, session, conditions,
            coalesce(price, bid, 0), coalesce(size, bid_size, 0), coalesce(ask, 0), coalesce(ask_size, amends, 0)
        FROM (SELECT kind, flags, outcome, event_time, event_ns, source_id, sequence, session, conditions, price, bid, size, bid_size, ask, ask_size, amends, instrument_id FROM grid.tick
              UNION ALL SELECT 3, flags, outcome, event_time, event_ns, source_id, sequence, session, conditions, null, bid, null, bid_size, ask, ask_size, null, instrument_id FROM grid.run) t
        JOIN grid.instrument i ON i.id = t.instrument_id JOIN grid.source s ON s.id = t.source_id WHERE i.symbol = {Quoted(symbol)}
        """);

    private Task<IReadOnlyList<string>> BarsAsync(string symbol) => Database.RowsAsync(
        $"""
        SELECT extract(epoch FROM start_time)::bigint, coalesce(open, 0), coalesce(high, 0), coalesce(low, 0), coalesce(close, 0), volume::text, notional::text, count, bid, bid_size, ask, ask_size
        FROM grid.bar JOIN grid.instrument ON id = instrument_id
        WHERE symbol = {Quoted(symbol)} ORDER BY start_time
        """);

    private Task<IReadOnlyList<string>> LatestAsync(string symbol) => Database.RowsAsync(
        $"""
        SELECT ticks, coalesce(last_price, 0), coalesce(last_size, 0), coalesce(s.name, ''), bid, bid_size, ask, ask_size, to_char(day, 'YYYYMMDD'), day_volume::text, day_notional::text, day_count
        FROM grid.latest l JOIN grid.instrument i ON i.id = l.instrument_id LEFT JOIN grid.source s ON s.id = last_source_id WHERE symbol = {Quoted(symbol)}
        """);

    private static string Quoted(string symbol) => $"'{symbol.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Text(EmbeddedGrid grid, Tick t)
    {
        var e = t.Event;
        return FormattableString.Invariant(
            $"{(int)e.Kind}|{(int)e.Flags}|{t.Outcome.Value}|{e.EventTime.Value}|{grid.Names.Sources.Text(e.Source.Value)}|{(long)e.Sequence}|{e.Session}|{e.Conditions}|{e.F0}|{e.F1}|{e.F2}|{e.F3}");
    }

    private static string Text(Bar b) => FormattableString.Invariant(
        $"{b.Start.Value / UnixNanos.PerSecond}|{b.Open.Raw}|{b.High.Raw}|{b.Low.Raw}|{b.Close.Raw}|{b.Volume}|{b.Notional}|{b.Count}|{Text(b.Bid)}|{Text(b.Ask)}");

    private static string Text(Side s) => s.IsSet ? $"{s.Price.Raw}|{s.Size.Raw}" : "null|null";

    private static string Text(EmbeddedGrid grid, Latest l) => FormattableString.Invariant(
        $"{l.Ticks}|{l.Last.F0}|{l.Last.F1}|{grid.Names.Sources.Text(l.Last.Source.Value)}|{Text(l.Bid)}|{Text(l.Ask)}|{(l.Day.Date == 0 ? "null" : l.Day.Date)}|{l.Day.Volume}|{l.Day.Notional}|{l.Day.Count}");
}

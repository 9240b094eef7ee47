using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using Grid.Storage.Postgres.Restoring;
using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// Brings what a grid's journal holds into PostgreSQL: a flush is one transaction that puts in its rows and moves the watermark,
/// which it locks. So a flush is in whole or not at all, and never twice.
/// </summary>
/// <remarks>Of one caller at a time.</remarks>
public sealed class PostgresWriter : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly PostgresAddress _address;
    private readonly NpgsqlDataSource _source;
    private readonly Watermark _watermark;
    private readonly NameNumbers _names;
    private readonly Partitions _partitions;
    private readonly StatementTimer _timer;
    private readonly CopyBuffer _buffer = new();

    // Kept from flush to flush; null after a failure.
    private NpgsqlConnection? _connection;

    /// <summary>A writer of one grid; nothing is asked of the database yet.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="grid">Identity of the grid's data folder.</param>
    /// <param name="names">The names that rows refer to.</param>
    /// <param name="time">Measures statements; null for the system's.</param>
    /// <param name="observe">Is told what each statement took; null for nobody.</param>
    public PostgresWriter(PostgresOptions options, string grid, GridNames names, TimeProvider? time = null, Action<StatementRun>? observe = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _address = PostgresAddress.Parse(options.ConnectionString);
        _source = NpgsqlDataSource.Create(options.Settings());
        _timer = new StatementTimer(time ?? TimeProvider.System, observe);
        _watermark = new Watermark(grid, _timer);
        _names = new NameNumbers(names, _timer);
        _partitions = new Partitions(_timer);
    }

    /// <summary>True once this writer has claimed the database.</summary>
    public bool IsClaimed => _watermark.Epoch > 0;

    /// <summary>The life of the writer that was claimed; 0 before.</summary>
    public int Epoch => _watermark.Epoch;

    /// <summary>The last input of the journal that is in the database.</summary>
    public ulong CommittedLsn => _watermark.Lsn;

    /// <summary>Who took the database over; null while it is this writer's. Nothing can be written any more then.</summary>
    public string? TakenBy { get; private set; }

    /// <summary>True if the database does not stand where this writer left it, as after a restore. Only a new claim can go on from there.</summary>
    public bool IsMisplaced { get; private set; }

    /// <summary>True if the options keep some days only.</summary>
    public bool DropsOld => _options is not { TickDays: 0, RunDays: 0, BarDays: 0 };

    /// <summary>Rows that the database refused since the start.</summary>
    public long RowsRefused { get; private set; }

    /// <summary>What the database said of the row that it refused last; null if it refused none.</summary>
    public string? LastRefusal { get; private set; }

    /// <summary>
    /// Checks the schema (or makes it, where the options say so), and claims the database: who wrote to it before for the same
    /// data folder is shut out. Gives what the database knows that a writer goes on from.
    /// </summary>
    /// <param name="journalLastLsn">The last frame of the journal.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">
    /// Transient: the server cannot be reached now. Else: the schema does not fit, the database is another grid's or is ahead of the
    /// journal, or the server does not let the user in.
    /// </exception>
    public async Task<PostgresPosition> ClaimAsync(ulong journalLastLsn, CancellationToken cancel)
    {
        try
        {
            await _timer.RunAsync(PostgresStatement.CheckSchema, () => CheckSchemaAsync(cancel)).ConfigureAwait(false);
            var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            var owner = $"pid {Environment.ProcessId} on {Environment.MachineName}";
            await _watermark.ClaimAsync(connection, owner, journalLastLsn, _options.TakeOver, cancel).ConfigureAwait(false);
            return new PostgresPosition(
                await _timer.RunAsync(PostgresStatement.ReadProducers, () => ReadProducersAsync(connection, cancel)).ConfigureAwait(false),
                await _timer.RunAsync(PostgresStatement.ReadNewestTimes, () => ReadTimesAsync(connection, cancel)).ConfigureAwait(false),
                await _timer.RunAsync(PostgresStatement.ReadSavedStates, () => SavedStates.ListAsync(connection, cancel)).ConfigureAwait(false) is [var newest, ..] ? newest : null);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw await FailAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>Brings a flush in, unless it is in already because the answer to its commit was lost.</summary>
    /// <exception cref="GridStorageException">
    /// Nothing was brought in, or it is not known: try again with the same flush, unless <see cref="TakenBy"/> or <see cref="IsMisplaced"/> say that it is of no use.
    /// </exception>
    public async Task CommitAsync(PostgresFlush flush, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(flush);
        try
        {
            var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            await _names.LearnAsync(connection, ProducersOf(flush), cancel).ConfigureAwait(false);
            await _partitions.MakeAsync(connection, DaysOf(flush), cancel).ConfigureAwait(false);
            try
            {
                await CommitAsync(connection, flush, isCareful: false, cancel).ConfigureAwait(false);
            }
            catch (PostgresException e) when (FlushTransaction.IsRefusal(e))
            {
                await CommitAsync(connection, flush, isCareful: true, cancel).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is not GridStorageException)
        {
            // Whatever it is: another attempt gets another connection.
            throw await FailAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Drops the days that the options do not keep; gives the names of the tables that are gone. Days are counted back from the
    /// earliest of what is given, the server's own date, and the day of the newest event that is stored: no single clock that
    /// is wrong has anything dropped.
    /// </summary>
    /// <exception cref="GridStorageException">It could not; try again later.</exception>
    public async Task<IReadOnlyList<string>> DropOldAsync(DateOnly today, CancellationToken cancel)
    {
        if (!DropsOld)
        {
            return [];
        }

        try
        {
            var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            return await _partitions.TodayAsync(connection, today, cancel).ConfigureAwait(false) is not { } earliest
                ? []
                : await _partitions.DropAsync(connection, earliest, _options.TickDays, _options.RunDays, _options.BarDays, cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw await FailAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Saves a state of the grid with which one can begin whose disk is lost. On a connection of its own, and while flushes are
    /// committed. Nothing is saved if somebody else writes the database now.
    /// </summary>
    /// <param name="lsn">The input up to which it holds the grid; all that it holds must be committed.</param>
    /// <param name="content">The bytes of a snapshot file.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">It could not; try again later.</exception>
    public async Task SaveStateAsync(ulong lsn, IJournalFile content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(content);
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await _timer.RunAsync(PostgresStatement.SaveState, () => SavedStates.SaveAsync(connection, _watermark, lsn, content, cancel)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, _address);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DisconnectAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CommitAsync(NpgsqlConnection connection, PostgresFlush flush, bool isCareful, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        await using (var limit = new NpgsqlCommand($"SET LOCAL statement_timeout = {(long)_options.StatementTimeout.TotalMilliseconds}", connection, transaction))
        {
            await _timer.RunAsync(PostgresStatement.Begin, () => limit.ExecuteNonQueryAsync(cancel)).ConfigureAwait(false);
        }

        var (lsn, takenBy) = await _watermark.LockAsync(connection, transaction, cancel).ConfigureAwait(false);
        if (takenBy is not null)
        {
            TakenBy = takenBy;
            throw new GridStorageException($"the database {_address} was taken over by {takenBy}; this grid writes to it no more");
        }

        if (lsn != flush.AfterLsn)
        {
            // Of our own epoch, only our own commit can have moved it, whose answer was lost.
            if (lsn != flush.ThroughLsn)
            {
                IsMisplaced = true;
                throw new GridStorageException(
                    $"the database {_address} holds the journal up to frame {lsn}, where this grid left it at {flush.AfterLsn}: somebody set it back. Start the grid again to go on from there");
            }

            _watermark.SetCommitted(lsn);
            return;
        }

        var rows = new FlushTransaction(connection, transaction, _buffer, _timer, isCareful);
        foreach (var set in SetsOf(flush))
        {
            await rows.PutAsync(set, cancel).ConfigureAwait(false);
        }

        var rejected = new List<RejectedRow>(flush.Rejected);
        foreach (var (set, index, message) in rows.Refused)
        {
            if (set.Refuse(index, message) is { } refused)
            {
                rejected.Add(refused with { Producer = flush.ProducerOf(refused.Tick.Lsn) });
            }
        }

        await rows.PutAsync(new QuarantineSet(rejected, _names, Epoch), cancel).ConfigureAwait(false);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            new SmallTables(_names, Epoch).AddTo(batch, flush, TablesOf(flush));
            batch.BatchCommands.Add(_watermark.Move(flush.ThroughLsn));
            await _timer.RunAsync(PostgresStatement.WriteSmallTables, () => batch.ExecuteNonQueryAsync(cancel)).ConfigureAwait(false);
        }

        await _timer.RunAsync(PostgresStatement.Commit, () => transaction.CommitAsync(cancel)).ConfigureAwait(false);
        _watermark.SetCommitted(flush.ThroughLsn);
        if (rows.Refused.Count > 0)
        {
            RowsRefused += rows.Refused.Count;
            LastRefusal = $"{rows.Refused[^1].Set.Table}: {rows.Refused[^1].Message}";
        }
    }

    private IEnumerable<RowSet> SetsOf(PostgresFlush flush)
    {
        foreach (var (day, ticks) in flush.Ticks)
        {
            yield return new TickSet(day, ticks, _names, Epoch);
        }

        foreach (var month in flush.Runs.GroupBy(RunTableOf))
        {
            yield return new RunSet(month.Key, [.. month], _names, Epoch);
        }

        yield return new RunLatestSet(flush.LatestRuns, _names, Epoch);
        yield return new LatestSet(flush.Latest, _names, Epoch);
        yield return new BarSet(flush.Bars, _names, Epoch);
    }

    // Partitions into which it brings rows: of days before 1970 and after 2099 many share one.
    private static List<string> TablesOf(PostgresFlush flush) => [.. flush.Ticks.Keys.Select(Partitions.TickTable).Concat(flush.Runs.Select(RunTableOf)).Distinct()];

    private static string RunTableOf(RunRow run) => Partitions.RunTable(CopyBuffer.DayOf(run.Date) ?? -1);

    private static IEnumerable<string> ProducersOf(PostgresFlush flush) => flush.Producers.Select(p => p.Name).Concat(flush.Rejected.Select(r => r.Producer));

    private static IEnumerable<int> DaysOf(PostgresFlush flush) =>
        flush.Ticks.Keys
            .Concat(flush.Bars.Select(b => CopyBuffer.DayOf(b.Bar.Start)))
            .Concat(flush.Runs.Select(r => CopyBuffer.DayOf(r.Date) ?? 0))
            .Distinct();

    private async Task CheckSchemaAsync(CancellationToken cancel)
    {
        await using var migrator = new SchemaMigrator(_address);
        if (_options.Migrate)
        {
            await migrator.UpAsync(cancel: cancel).ConfigureAwait(false);
        }

        await migrator.RequireNewestAsync(cancel).ConfigureAwait(false);
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancel) =>
        _connection ??= await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);

    private async Task DisconnectAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    // What is known of partitions may have become wrong while nobody was connected, as after a restore.
    private async Task<Exception> FailAsync(Exception cause)
    {
        await DisconnectAsync().ConfigureAwait(false);
        _partitions.Forget();
        return cause is OperationCanceledException ? cause : PostgresFailure.Of(cause, _address);
    }

    private static async Task<IReadOnlyList<ProducerRow>> ReadProducersAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var producers = new List<ProducerRow>();
        await using var command = new NpgsqlCommand("SELECT name::text, epoch, last_batch FROM grid.producer", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            producers.Add(new ProducerRow(reader.GetString(0), (ulong)reader.GetInt64(1), (ulong)reader.GetInt64(2)));
        }

        return producers;
    }

    private static async Task<IReadOnlyList<(string Symbol, UnixNanos Newest)>> ReadTimesAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var times = new List<(string, UnixNanos)>();
        await using var command = new NpgsqlCommand(
            "SELECT i.symbol::text, l.event_time, l.event_ns::smallint FROM grid.latest l JOIN grid.instrument i ON i.id = l.instrument_id", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            times.Add((reader.GetString(0), new UnixNanos(UnixNanos.From(reader.GetFieldValue<DateTimeOffset>(1)).Value + reader.GetInt16(2))));
        }

        return times;
    }
}

using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Committing;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>A database and one silo's committer, which can be kept from committing.</summary>
internal sealed class CommitRig : IAsyncDisposable
{
    private readonly PrivateDatabase _database;
    private readonly CuttingRelay _relay;

    private CommitRig(PrivateDatabase database, CuttingRelay relay, GroupCommitter committer, GridNames names)
    {
        _database = database;
        _relay = relay;
        Committer = committer;
        Names = names;
    }

    public PrivateDatabase Database => _database;

    public CuttingRelay Relay => _relay;

    public GroupCommitter Committer { get; }

    public GridNames Names { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<CommitRig> StartAsync(CommitServer server, int queueRows = 500_000)
    {
        var database = await server.CreateAsync();
        var relay = new CuttingRelay(database.Server.Port);
        var names = new GridNames();
        return new CommitRig(database, relay, await CommitServer.OpenAsync(database, "silo-1", names, relay.Port, queueRows), names);
    }

    /// <summary>Claims instruments G0, G1 and so on, all at once.</summary>
    public async Task<GrainClaim[]> ClaimAsync(int count) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, count).Select(i => LoadAsync($"G{i}")))).Select(g => g.Claim)];

    public Task<LoadedGrain> LoadAsync(string symbol) => Committer.ClaimAsync(new GrainKey(GrainKind.Instrument, symbol), Cancel);

    public async Task<Task> HandOverAsync(CommitSlice slice) => Committer.CommitAsync(await Committer.ReserveAsync(slice.Rows, Cancel), slice);

    public async Task CommitAsync(GrainClaim grain, ulong batch, int rows = 3) => await await HandOverAsync(SliceOf(grain, batch, rows));

    public CommitSlice SliceOf(GrainClaim grain, ulong batch, int rows = 3, uint mark = 0) => CommitServer.SliceOf(grain, Names, batch, rows, mark);

    /// <summary>
    /// Keeps the committer in a commit of one slice of a grain of its own until the result is disposed of; all that is handed over
    /// meanwhile goes into the next commit.
    /// </summary>
    public async Task<Hold> HoldAsync()
    {
        var first = (await LoadAsync("HOLD")).Claim;
        var connection = await _database.OpenAsync();
        var transaction = await connection.BeginTransactionAsync(Cancel);
        await using (var locking = new NpgsqlCommand("SELECT FROM grid.silo FOR NO KEY UPDATE", connection, transaction))
        {
            await locking.ExecuteNonQueryAsync(Cancel);
        }

        var held = await HandOverAsync(SliceOf(first, 1, 1));
        while (Committer.Counts.RowsWaiting > 0 && await _database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0)
        {
            Assert.Null(Committer.Counts.LastFailure);
        }

        return new Hold(connection, transaction, held);
    }

    public Task<long> CountAsync(string sql) => _database.ScalarAsync<long>($"SELECT count(*) FROM {sql}");

    public async ValueTask DisposeAsync()
    {
        await Committer.DisposeAsync();
        await _relay.DisposeAsync();
        await _database.DisposeAsync();
    }

    internal sealed class Hold(NpgsqlConnection connection, NpgsqlTransaction transaction, Task held) : IAsyncDisposable
    {
        private bool _isReleased;

        public async ValueTask DisposeAsync()
        {
            if (!_isReleased)
            {
                _isReleased = true;
                await transaction.RollbackAsync();
                await connection.DisposeAsync();
                await held;
            }
        }
    }
}

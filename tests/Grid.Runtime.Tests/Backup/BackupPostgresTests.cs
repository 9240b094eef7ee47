using Grid.Runtime.Tests.Postgres;
using Grid.Storage;
using Grid.Storage.Postgres;
using Grid.Testing;
using Grid.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Backup;

/// <summary>A data folder and a real database, backed up and restored together.</summary>
public sealed class BackupPostgresTests(PrivatePostgres server) : IAsyncDisposable
{
    private const string CountsSql = """
        SELECT 'tick', count(*)::text, sum(size)::text FROM grid.tick UNION ALL SELECT 'run', count(*)::text, '' FROM grid.run
        UNION ALL SELECT 'bar', sum(count)::text, sum(volume)::text FROM grid.bar UNION ALL SELECT 'latest', sum(ticks)::text, '' FROM grid.latest
        UNION ALL SELECT 'quarantine', count(*)::text, '' FROM grid.quarantine UNION ALL SELECT 'gap', count(*)::text, '' FROM grid.gap
        UNION ALL SELECT 'quality', sum(accepted + flagged + duplicate + rejected)::text, '' FROM grid.data_quality_log
        UNION ALL SELECT 'producer', count(*)::text, sum(last_batch)::text FROM grid.producer ORDER BY 1
        """;

    private readonly BackupRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Restored_grid_and_database_catch_up_to_what_the_old_ones_have()
    {
        await using var database = await CreateAsync();
        await using var another = await server.CreateDatabaseAsync();
        _rig.Folder.Options.Postgres = PostgresRig.OptionsOf(database.ConnectionString);
        var grid = await EmbeddedGrid.OpenAsync(_rig.Folder.Options, TimeProvider.System, NullLoggerFactory.Instance);
        Runtime.Backup.BackupReport backup;
        var market = new RandomMarket(71, eventsPerSource: 400);
        var batches = market.All.Chunk(15).ToList();
        try
        {
            await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
            foreach (var batch in batches.Take(batches.Count / 3))
            {
                await feed.SendAsync(batch);
            }

            var feeding = Task.Run(async () =>
            {
                ulong last = 0;
                foreach (var batch in batches.Skip(batches.Count / 3))
                {
                    last = await feed.SubmitAsync(batch);
                }

                await feed.AcknowledgedAsync(last);
            });
            backup = await _rig.BackupAsync(PostgresAddress.Parse(database.ConnectionString));
            await feeding;
        }
        finally
        {
            await grid.DisposeAsync();
        }

        Assert.Empty(backup.Remarks);
        Assert.InRange(backup.DatabaseLsn!.Value, 1UL, backup.LastLsn);
        var restored = await _rig.RestoreAsync(backup.Path, database: PostgresAddress.Parse(another.ConnectionString));
        Assert.Equal(backup.DatabaseLsn, restored.DatabaseLsn);
        await using (var again = await EmbeddedGrid.OpenAsync(OptionsOf(restored.DataFolder, another), TimeProvider.System, NullLoggerFactory.Instance))
        {
            await using var feed = await FeedDriver.OpenAsync(again, market.Names, ack: AckLevel.Committed);
            var last = feed.Next - 1;
            Assert.InRange((int)last, batches.Count / 3, batches.Count);
            foreach (var batch in batches.Skip((int)last))
            {
                last = await feed.SubmitAsync(batch);
            }

            // Nothing is said where the backup has all of it.
            if (last > feed.Feed.LastDurableBatch)
            {
                await feed.AcknowledgedAsync(last);
            }
        }

        Assert.Equal(await database.RowsAsync(CountsSql), await another.RowsAsync(CountsSql));
        Assert.Equal(0, await another.ScalarAsync<long>("SELECT count(*) - count(DISTINCT (epoch, lsn, frame_row)) FROM grid.tick"));

        // The old data folder may write to the new database no more, whatever its epoch is; nor the new one to the old.
        foreach (var (folder, wrong) in new[] { (_rig.Folder.Options.DataFolder, another), (restored.DataFolder, database) })
        {
            var refused = await Assert.ThrowsAsync<GridStorageException>(() => EmbeddedGrid.OpenAsync(OptionsOf(folder, wrong), TimeProvider.System, NullLoggerFactory.Instance));
            Assert.StartsWith("the database belongs to the data folder '", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Time_before_the_dump_is_refused_with_the_database_and_given_without()
    {
        await using var database = await CreateAsync();
        await using var another = await server.CreateDatabaseAsync();
        _rig.Folder.Options.Postgres = PostgresRig.OptionsOf(database.ConnectionString);
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var then = _rig.Time.GetUtcNow();
        var hash = await grid.HashAsync();
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        await feed.SendAsync(Trade(2, "10:00:00", "11"));
        var backup = await _rig.BackupAsync(PostgresAddress.Parse(database.ConnectionString));

        var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, until: then, database: PostgresAddress.Parse(another.ConnectionString)));
        Assert.Contains("it is ahead of that time. Use an earlier backup, or leave --postgres out", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));
        Assert.Equal(0, await another.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'grid'"));

        var restored = await _rig.RestoreAsync(backup.Path, until: then);
        Assert.Contains("the dump of the database was left out: --postgres restores it", restored.Remarks);
        Assert.Equal(hash, await _rig.HashAsync(restored.DataFolder));
        await PostgresRig.MigrateAsync(another.ConnectionString);
        await using var filled = await EmbeddedGrid.OpenAsync(OptionsOf(restored.DataFolder, another), TimeProvider.System, NullLoggerFactory.Instance);
        await using var goingOn = await FeedDriver.OpenAsync(filled, Names, ack: AckLevel.Committed);
        await goingOn.SendAsync(Trade(1, "10:00:00", "10"));
        await goingOn.SendAsync(Trade(2, "10:00:00", "12"));
        Assert.Equal(2, await another.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Database_that_has_something_of_a_grid_is_refused_and_left_as_it_is()
    {
        await using var database = await CreateAsync();
        _rig.Folder.Options.Postgres = PostgresRig.OptionsOf(database.ConnectionString);
        await (await _rig.OpenAsync()).DisposeAsync();
        var address = PostgresAddress.Parse(database.ConnectionString);
        var backup = await _rig.BackupAsync(address);

        var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, database: address));
        Assert.StartsWith($"database '{database.Name}' at 127.0.0.1:{server.Port} has a schema 'grid' already, with bar, ", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));

        // A schema without anything in it is none.
        await using var empty = await server.CreateDatabaseAsync();
        await empty.ExecuteAsync("CREATE SCHEMA grid");
        await _rig.RestoreAsync(backup.Path, database: PostgresAddress.Parse(empty.ConnectionString));
        Assert.Equal(await database.RowsAsync("SELECT version, checksum FROM grid.schema_version"), await empty.RowsAsync("SELECT version, checksum FROM grid.schema_version"));

        // The dump is checked like any other file, and before anything is done.
        var dump = Path.Combine(backup.Path, "database.dump");
        var bytes = await File.ReadAllBytesAsync(dump, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(dump, bytes, TestContext.Current.CancellationToken);
        await using var untouched = await server.CreateDatabaseAsync();
        var damaged = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, database: PostgresAddress.Parse(untouched.ConnectionString)));
        Assert.Contains("'database.dump' is damaged", damaged.Message, StringComparison.Ordinal);
        Assert.Equal(0, await untouched.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'grid'"));
    }

    [Fact]
    public async Task Database_of_another_grid_or_of_none_makes_no_backup()
    {
        await using var database = await CreateAsync();
        await (await _rig.OpenAsync()).DisposeAsync();
        await using (var other = new BackupRig())
        {
            other.Folder.Options.Postgres = PostgresRig.OptionsOf(database.ConnectionString);
            await (await other.OpenAsync()).DisposeAsync();
        }

        var foreign = await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync(PostgresAddress.Parse(database.ConnectionString)));
        Assert.EndsWith("and this one never wrote to any", foreign.Message, StringComparison.Ordinal);
        await using var none = await server.CreateDatabaseAsync();
        var bare = await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync(PostgresAddress.Parse(none.ConnectionString)));
        Assert.Contains("has no grid's schema; leave --postgres out", bare.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(_rig.Backups));

        var without = await _rig.BackupAsync();
        var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(without.Path, database: PostgresAddress.Parse(none.ConnectionString)));
        Assert.EndsWith("holds no dump of a database; leave --postgres out", refused.Message, StringComparison.Ordinal);
    }

    private Task<PrivateDatabase> CreateAsync() => server.CreateDatabaseAsync(PostgresRig.MigrateAsync);

    private EmbeddedGridOptions OptionsOf(string folder, PrivateDatabase database)
    {
        var options = _rig.OptionsOf(folder);
        options.Postgres = PostgresRig.OptionsOf(database.ConnectionString);
        return options;
    }
}

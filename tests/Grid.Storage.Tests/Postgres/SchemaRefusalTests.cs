using Grid.Storage.Postgres;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres;

/// <summary>Databases that the migrator leaves alone, with the reason it gives.</summary>
public sealed class SchemaRefusalTests(PrivatePostgres server)
{
    private static int Newest => MigrationSet.Embedded.Newest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schema_that_another_text_made_is_refused()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync("UPDATE grid.schema_version SET checksum = 'abcdef0123456789' WHERE version = 1");

        Assert.Equal(
            $"version 1 (schema) was made by another text than this program's 0001_schema: checksum abcdef012345 in the database, {MigrationSet.Embedded[1].Checksum[..12]} here",
            await RefusalAsync(database));
    }

    [Fact]
    public async Task Newer_schema_is_refused()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync($"INSERT INTO grid.schema_version (version, name, checksum, shape, took_ms) SELECT {Newest + 1}, 'later', '', shape, 0 FROM grid.schema_version WHERE version = {Newest}");

        Assert.Equal($"the schema is at version {Newest + 1}, and this program knows versions up to {Newest}: use a newer grid", await RefusalAsync(database));
    }

    [Fact]
    public async Task Older_schema_is_not_written_to()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = Open(database);
        await migrator.UpAsync(1, cancel: Cancel);

        var refusal = await Assert.ThrowsAsync<GridStorageException>(() => migrator.RequireNewestAsync(Cancel));

        Assert.Equal($"the schema of database '{database.Name}' at 127.0.0.1:{server.Port} is at version 1, and this program needs {Newest}; run: grid migrate up", refusal.Message);
        Assert.False(refusal.IsTransient);
    }

    [Theory]
    [InlineData("ALTER TABLE grid.latest ADD COLUMN mine integer", "the schema was altered: it has the column latest.mine integer, which no migration made")]
    [InlineData("ALTER TABLE grid.gap DROP COLUMN opened_at CASCADE", "the schema was altered: it had the column gap.opened_at timestamp with time zone not null, and has it no more")]
    [InlineData("DROP TABLE grid.processing_metadata CASCADE", "the schema was altered: it had the column processing_metadata.name text not null, and has it no more")]
    [InlineData("DELETE FROM grid.schema_version WHERE version = 1", "grid.schema_version has version 2 where 1 must be: somebody altered it")]
    public async Task Schema_that_somebody_altered_is_refused(string alteration, string problem)
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync(alteration);

        Assert.StartsWith(problem, await RefusalAsync(database), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_views_and_indexes_of_others_do_no_harm()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync("""
            CREATE TABLE grid.notes (a int);
            CREATE VIEW grid.my_view AS SELECT * FROM grid.notes;
            CREATE INDEX mine ON grid.tick (receive_time);
            SELECT grid.make_partitions('2024-05-01', '2024-05-01');
            """);
        await using var migrator = Open(database);

        await migrator.RequireNewestAsync(Cancel);
    }

    [Fact]
    public async Task Schema_of_something_else_is_left_alone()
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE SCHEMA grid; CREATE TABLE grid.mine (a int)");

        Assert.Equal("the database has a schema 'grid' without the table grid.schema_version: something else made it; use another database", await RefusalAsync(database));
    }

    [Fact]
    public async Task Migration_that_fails_changes_nothing_and_says_which()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        var broken = new Migration(Newest + 1, "broken", "CREATE TABLE grid.half (a int); SELECT 1 / 0;", "DROP TABLE grid.half;");
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(database.ConnectionString), new MigrationSet([.. MigrationSet.Embedded.All, broken]));

        var refusal = await Assert.ThrowsAsync<GridStorageException>(() => migrator.UpAsync(cancel: Cancel));

        Assert.StartsWith($"{broken} failed and changed nothing: PostgreSQL at 127.0.0.1:", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("division by zero (22012)", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Newest, (await migrator.ReadStatusAsync(Cancel)).Current);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = 'half'"));
    }

    [Fact]
    public void Migrations_without_one_of_the_numbers_are_refused()
    {
        var refusal = Assert.Throws<ArgumentException>(() => new MigrationSet([new Migration(1, "a", "", ""), new Migration(3, "c", "", "")]));

        Assert.Equal("migration 0003_c stands where number 2 must be; numbers follow each other from 1", refusal.Message);
    }

    [Fact]
    public async Task Version_that_no_program_knows_is_wrong_usage()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = Open(database);

        var refusal = await Assert.ThrowsAsync<ArgumentException>(() => migrator.UpAsync(99, cancel: Cancel));

        Assert.Equal($"there is no version 99; this program knows 0 to {Newest}", refusal.Message);
    }

    private static async Task<string> RefusalAsync(PrivateDatabase database)
    {
        await using var migrator = Open(database);
        var status = await migrator.ReadStatusAsync(Cancel);
        var problems = string.Join("; ", status.Problems);
        foreach (var move in (Func<Task>[])[() => migrator.UpAsync(cancel: Cancel), () => migrator.DownAsync(0, cancel: Cancel), () => migrator.RequireNewestAsync(Cancel)])
        {
            var refusal = await Assert.ThrowsAsync<GridStorageException>(move);
            Assert.Equal($"database '{database.Name}' at 127.0.0.1:{database.Server.Port}: {problems}", refusal.Message);
            Assert.False(refusal.IsTransient);
        }

        return problems;
    }

    private static SchemaMigrator Open(PrivateDatabase database) => new(PostgresAddress.Parse(database.ConnectionString));
}

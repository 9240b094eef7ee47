using Grid.Storage.Postgres;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres;

public sealed class SchemaMigratorTests(PrivatePostgres server)
{
    [Fact]
    public async Task A_new_database_gets_every_table_and_each_is_explained()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(database.ConnectionString));

        Assert.Equal(MigrationSet.Embedded.Newest, await migrator.UpAsync());

        await migrator.RequireNewestAsync();
        Assert.Empty(await database.RowsAsync("""
            SELECT c.relname, coalesce(a.attname, '(table)')
            FROM pg_class c
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition AND c.relkind <> 'v'
            WHERE c.relnamespace = 'grid'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                AND (obj_description(c.oid) IS NULL OR (a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL))
            """));
        Assert.Empty(await database.RowsAsync("""
            SELECT proname FROM pg_proc WHERE pronamespace = 'grid'::regnamespace AND obj_description(oid) IS NULL
            """));
    }

    [Fact]
    public async Task Partitions_are_made_once_for_days_and_months()
    {
        await using var database = await CreateAsync();

        Assert.Equal(3 + 2 + 2, await database.ScalarAsync<int>("SELECT grid.make_partitions('2024-01-31', '2024-02-02')"));
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT grid.make_partitions('2024-01-31', '2024-02-02')"));
        Assert.Equal(
            ["tick_20240131", "tick_20240201", "tick_20240202", "tick_default"],
            await database.RowsAsync("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'tick%' ORDER BY 1"));
        Assert.Equal(["bar_202401", "run_202401", "tick_20240131", "tick_20240201"],
            await database.RowsAsync("SELECT * FROM grid.drop_partitions('2024-02-02', '2024-02-29', '2024-02-01') ORDER BY 1"));
    }

    private async Task<PrivateDatabase> CreateAsync() => await server.CreateDatabaseAsync(async connectionString =>
    {
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(connectionString));
        await migrator.UpAsync();
    });
}

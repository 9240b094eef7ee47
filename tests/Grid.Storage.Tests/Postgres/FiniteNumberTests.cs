using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>The tables hold no number that is none, whoever writes it.</summary>
public sealed class FiniteNumberTests(PrivatePostgres server)
{
    [Fact]
    public async Task No_table_has_numbers_in_floating_point()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        Assert.Empty(await database.RowsAsync(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'grid' AND data_type IN ('real', 'double precision')"));
    }

    [Fact]
    public async Task No_sum_can_be_set_to_what_is_no_number()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        var columns = await database.RowsAsync(
            """
            SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            WHERE c.relnamespace = 'grid'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.atttypid = 'numeric'::regtype AND a.attnum > 0
            ORDER BY 1, 2
            """);
        Assert.Equal(["bar|notional", "bar|volume", "gap_domain|forgotten_numbers", "latest|day_notional", "latest|day_volume"], columns);
        foreach (var (table, column) in columns.Select(c => (c.Split('|')[0], c.Split('|')[1])))
        {
            await RefusesAsync("NaN", PostgresErrorCodes.CheckViolation);
            await RefusesAsync("Infinity", PostgresErrorCodes.NumericValueOutOfRange);
            await RefusesAsync("-Infinity", PostgresErrorCodes.NumericValueOutOfRange);

            async Task RefusesAsync(string value, string code) => Assert.Equal(
                code, (await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"UPDATE grid.{table} SET {column} = '{value}'"))).SqlState);
        }
    }

    [Fact]
    public async Task A_partition_that_is_made_later_refuses_it_too()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await database.ExecuteAsync("SELECT grid.make_partitions('2031-01-01', '2031-01-01')");
        var refused = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync(
            "INSERT INTO grid.bar (start_time, instrument_id, interval_s, epoch, ticks, volume, notional, count) VALUES ('2031-01-01', 1, 60, 1, 1, 'NaN', 0, 0)"));
        Assert.Equal("bar_volume_is_a_number", refused.ConstraintName);
    }
}

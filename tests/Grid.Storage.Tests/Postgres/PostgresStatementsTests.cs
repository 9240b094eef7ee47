using Grid.Storage.Postgres;

namespace Grid.Storage.Tests.Postgres;

public sealed class PostgresStatementsTests
{
    [Fact]
    public void Each_statement_has_a_name_of_its_own_that_a_label_can_be()
    {
        var names = Enum.GetValues<PostgresStatement>().Select(s => s.Text()).ToList();
        Assert.Equal(PostgresStatements.Count, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, name => Assert.Matches("^[a-z]+(_[a-z]+)*$", name));
        Assert.Equal(("copy_ticks", "write_small_tables"), (PostgresStatement.CopyTicks.Text(), PostgresStatement.WriteSmallTables.Text()));
    }

    [Fact]
    public async Task What_fails_is_told_with_its_SQLSTATE_and_thrown_and_what_was_given_up_is_not_told()
    {
        var told = new List<StatementRun>();
        var timer = new StatementTimer(TimeProvider.System, told.Add);
        await timer.RunAsync(PostgresStatement.CopyTicks, () => Task.FromResult(1), rows: 7);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => timer.RunAsync(
            PostgresStatement.MergeBars, () => Task.FromException(new Npgsql.PostgresException("no", "ERROR", "ERROR", "40P01"))));
        await Assert.ThrowsAsync<IOException>(() => timer.RunAsync(PostgresStatement.Commit, () => Task.FromException(new IOException())));
        await Assert.ThrowsAsync<OperationCanceledException>(() => timer.RunAsync(PostgresStatement.Begin, () => Task.FromException(new OperationCanceledException())));

        Assert.Equal(
            [(PostgresStatement.CopyTicks, 7L, null), (PostgresStatement.MergeBars, 0L, "40P01"), (PostgresStatement.Commit, 0L, "connection")],
            told.Select(t => (t.Statement, t.Rows, t.Failure)));
    }
}

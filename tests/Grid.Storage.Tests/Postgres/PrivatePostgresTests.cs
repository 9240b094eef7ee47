using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>The server that other tests stand on.</summary>
public sealed class PrivatePostgresTests(PrivatePostgres shared)
{
    [Fact]
    public async Task Each_test_has_a_database_of_its_own()
    {
        await using var one = await shared.CreateDatabaseAsync();
        await using var two = await shared.CreateDatabaseAsync();
        await one.ExecuteAsync("CREATE TABLE t(a int)");

        Assert.Equal(1, await one.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = 't'"));
        Assert.Equal(0, await two.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE tablename = 't'"));
    }

    [Fact]
    public async Task A_server_that_is_killed_has_what_was_committed_when_it_is_started_again()
    {
        await using var server = new PrivatePostgres();
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE t(a int); INSERT INTO t VALUES (1)");
        await using var open = await database.OpenAsync();
        await using var transaction = await open.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var insert = new NpgsqlCommand("INSERT INTO t VALUES (2)", open, transaction))
        {
            await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => database.ScalarAsync<long>("SELECT 1"));
        await server.StartAsync();

        Assert.Equal(["1"], await database.RowsAsync("SELECT a FROM t"));
    }

    [Fact]
    public async Task A_stopped_server_refuses_connections_until_it_is_started()
    {
        await using var server = new PrivatePostgres();
        await using var database = await server.CreateDatabaseAsync();

        await server.StopAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => database.ScalarAsync<int>("SELECT 1"));
        await server.StartAsync();

        Assert.Equal(1, await database.ScalarAsync<int>("SELECT 1"));
    }

    [Fact]
    public async Task Nobody_gets_in_with_a_wrong_password()
    {
        await using var database = await shared.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(database.ConnectionStringOf(PrivatePostgres.Superuser, "guessed"));

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(TestContext.Current.CancellationToken));

        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    [Fact]
    public void Program_that_is_missing_is_named_with_its_package()
    {
        var said = string.Empty;
        try
        {
            PostgresPrograms.Require("no-such-program", "no-such-package");
        }
        catch (Exception e)
        {
            // A skip, or on a build machine a failure.
            said = e.Message;
        }

        Assert.Contains("NOT TESTED: there is no no-such-program: install the package 'no-such-package'", said, StringComparison.Ordinal);
    }
}

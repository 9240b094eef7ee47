using Grid.Storage.Postgres;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres;

/// <summary>Who may migrate, and what is said to who may not or asks the wrong place.</summary>
public sealed class SchemaAccessTests(PrivatePostgres server)
{
    private static int Newest => MigrationSet.Embedded.Newest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_password_is_told_without_showing_it()
    {
        await using var database = await server.CreateDatabaseAsync();

        var refusal = await RefusalAsync(database.ConnectionStringOf(PrivatePostgres.Superuser, "guessed"));

        Assert.Equal($"PostgreSQL at 127.0.0.1:{server.Port} does not let user 'tester' in: password authentication failed for user \"tester\"", refusal.Message);
        Assert.False(refusal.IsTransient);
    }

    [Fact]
    public async Task Missing_database_is_told_with_how_to_make_it()
    {
        await using var database = await server.CreateDatabaseAsync();

        var refusal = await RefusalAsync(server.ConnectionString("nowhere"));

        Assert.Equal($"there is no database 'nowhere' at 127.0.0.1:{server.Port}; make it with: createdb nowhere", refusal.Message);
        Assert.False(refusal.IsTransient);
    }

    [Fact]
    public async Task Server_that_does_not_answer_may_answer_later()
    {
        await using var own = new PrivatePostgres();
        await using var database = await own.CreateDatabaseAsync();
        await own.StopAsync();

        var refusal = await RefusalAsync(database.ConnectionString);

        Assert.StartsWith($"no PostgreSQL answers at 127.0.0.1:{own.Port}: ", refusal.Message, StringComparison.Ordinal);
        Assert.True(refusal.IsTransient);
        await own.StartAsync();
    }

    [Fact]
    public async Task User_without_rights_is_told_what_an_administrator_runs()
    {
        // On a server of its own, as roles belong to the whole server.
        await using var own = new PrivatePostgres();
        await using var database = await own.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE ROLE nobody LOGIN PASSWORD 'nobody'");
        const string After = "which a grid's database needs once; an administrator of the server runs it, after CREATE ROLE grid_owner NOLOGIN; "
            + "CREATE ROLE grid_writer NOLOGIN; CREATE ROLE grid_reader NOLOGIN; where these are missing";

        var first = await RefusalAsync(database.ConnectionStringOf("nobody", "nobody"));
        Assert.Equal($"the user may not run \"CREATE ROLE grid_owner NOLOGIN\", {After}", first.Message);

        await database.ExecuteAsync("CREATE ROLE grid_owner NOLOGIN; CREATE ROLE grid_writer NOLOGIN; CREATE ROLE grid_reader NOLOGIN");
        var second = await RefusalAsync(database.ConnectionStringOf("nobody", "nobody"));
        Assert.Equal($"the user may not run \"GRANT grid_owner TO nobody\", {After}", second.Message);

        await database.ExecuteAsync("GRANT grid_owner TO nobody");
        var third = await RefusalAsync(database.ConnectionStringOf("nobody", "nobody"));
        Assert.Equal($"the user may not run \"GRANT CREATE ON DATABASE {database.Name} TO grid_owner\", {After}", third.Message);

        await database.ExecuteAsync($"GRANT CREATE ON DATABASE {database.Name} TO grid_owner");
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(database.ConnectionStringOf("nobody", "nobody")));
        Assert.Equal(Newest, await migrator.UpAsync(cancel: Cancel));
    }

    [Fact]
    public async Task Owner_of_the_database_who_may_make_roles_needs_nobody()
    {
        await using var own = new PrivatePostgres();
        await using var database = await own.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'maker'; ALTER DATABASE {database.Name} OWNER TO maker");
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(database.ConnectionStringOf("maker", "maker")));

        Assert.Equal(Newest, await migrator.UpAsync(cancel: Cancel));
        Assert.Equal(Newest, await migrator.DownAsync(0, cancel: Cancel));
        Assert.Equal(Newest, await migrator.UpAsync(cancel: Cancel));
    }

    [Fact]
    public async Task Second_database_of_a_server_uses_the_same_roles()
    {
        await using var one = await server.CreateDatabaseAsync();
        await using var two = await server.CreateDatabaseAsync();

        var applied = await Task.WhenAll(new[] { one, two }.Select(async database =>
        {
            await using var migrator = new SchemaMigrator(PostgresAddress.Parse(database.ConnectionString));
            return await migrator.UpAsync(cancel: Cancel);
        }));

        Assert.Equal([Newest, Newest], applied);
    }

    private static async Task<GridStorageException> RefusalAsync(string connectionString)
    {
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(connectionString));
        return await Assert.ThrowsAsync<GridStorageException>(() => migrator.UpAsync(cancel: Cancel));
    }
}

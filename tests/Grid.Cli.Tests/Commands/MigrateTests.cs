using Grid.Storage.Postgres;
using Grid.Testing.Postgres;

namespace Grid.Cli.Tests.Commands;

public sealed class MigrateTests(PrivatePostgres postgres)
{
    private static int Newest => MigrationSet.Embedded.Newest;

    [Fact]
    public async Task Schema_goes_up_is_shown_and_goes_down_again()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        string[] where = ["--postgres", database.ConnectionString];

        var none = await GridProcess.RunAsync(["migrate", "status", .. where, "--format", "csv"]);
        Assert.Equal((0, string.Empty), (none.ExitCode, none.Errors));
        Assert.StartsWith("version,name,applied,by\n1,schema,,\n", none.Output, StringComparison.Ordinal);

        var up = await GridProcess.RunAsync(["migrate", "up", .. where]);
        Assert.Equal((0, string.Empty), (up.ExitCode, up.Errors));
        Assert.StartsWith("up 0001_schema\ndone in ", up.Output, StringComparison.Ordinal);
        Assert.EndsWith($"\nthe schema is at version {Newest}\n", up.Output, StringComparison.Ordinal);

        Assert.Equal($"nothing to do: the schema is at version {Newest}\n", (await GridProcess.RunAsync(["migrate", "up", .. where])).Output);
        var status = await GridProcess.RunAsync(["migrate", "status", .. where, "--format", "csv"]);
        Assert.Equal(Newest, status.Output.Split('\n').Count(line => line.EndsWith(",tester", StringComparison.Ordinal)));

        var down = await GridProcess.RunAsync(["migrate", "down", "--yes", .. where]);
        Assert.Equal(0, down.ExitCode);
        Assert.EndsWith($"\nthe schema is at version {Newest - 1}\n", down.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_would_be_lost_is_told_before_anything_is_done()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        string[] where = ["--postgres", database.ConnectionString];
        Assert.Equal(0, (await GridProcess.RunAsync(["migrate", "up", .. where])).ExitCode);

        var asked = await GridProcess.RunAsync(["migrate", "down", "--to", "0", .. where]);
        Assert.Equal((1, string.Empty), (asked.ExitCode, asked.Output));
        Assert.StartsWith("0006_saved_state loses the saved states with which a grid begins whose disk is lost", asked.Errors, StringComparison.Ordinal);
        Assert.Contains("\n0005_membership loses which silos a cluster has, ", asked.Errors, StringComparison.Ordinal);
        Assert.Contains("\n0004_commits loses what a cluster knows of its grains: ", asked.Errors, StringComparison.Ordinal);
        Assert.Contains("\n0002_roles loses which sources each role may read (grid.source_access)\n0001_schema loses every table of the grid", asked.Errors, StringComparison.Ordinal);
        Assert.EndsWith(
            $"grid: data would be lost, and nothing was done; keep a backup (pg_dump -h 127.0.0.1 -p {postgres.Port} -U tester -n grid -Fc -f grid.dump {database.Name}) and say --yes",
            asked.Errors,
            StringComparison.Ordinal);
        Assert.Equal(Newest, await database.ScalarAsync<long>("SELECT count(*) FROM grid.schema_version"));

        var done = await GridProcess.RunAsync(["migrate", "down", "--to", "0", "--yes", .. where]);
        Assert.Equal(0, done.ExitCode);
        Assert.EndsWith("\nthe schema is at version 0\n", done.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_may_be_named_by_the_environment_and_by_a_URI()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var uri = $"postgresql://{PrivatePostgres.Superuser}:{PrivatePostgres.Password}@127.0.0.1:{postgres.Port}/{database.Name}";

        using var process = GridProcess.Start(new Dictionary<string, string> { ["GRID_POSTGRES"] = uri }, "migrate", "up");

        Assert.Equal(0, (await process.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Commands_of_the_readme_work()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var commands = File.ReadLines(Path.Combine(folder, "README.md"))
            .Where(line => line.StartsWith("$ grid migrate ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[2..])
            .ToList();

        Assert.Equal(2, commands.Count);
        foreach (var command in commands)
        {
            using var process = GridProcess.Start(new Dictionary<string, string> { ["GRID_POSTGRES"] = database.ConnectionString }, command);
            var result = await process.EndAsync();
            Assert.Equal((0, string.Empty), (result.ExitCode, result.Errors));
        }
    }

    [Fact]
    public async Task Refusals_are_one_line_without_the_password()
    {
        await using var database = await postgres.CreateDatabaseAsync();

        var wrong = await GridProcess.RunAsync("migrate", "up", "--postgres", database.ConnectionStringOf("tester", "guessed"));
        Assert.Equal(
            (1, $"grid: PostgreSQL at 127.0.0.1:{postgres.Port} does not let user 'tester' in: password authentication failed for user \"tester\""),
            (wrong.ExitCode, wrong.Errors));

        var missing = await GridProcess.RunAsync("migrate", "status", "--postgres", postgres.ConnectionString("nowhere"));
        Assert.Equal((1, $"grid: there is no database 'nowhere' at 127.0.0.1:{postgres.Port}; make it with: createdb nowhere"), (missing.ExitCode, missing.Errors));

        var unnamed = await GridProcess.RunAsync("migrate", "up");
        Assert.Equal(
            (2, "grid: No database is named: give --postgres, or set the variable GRID_POSTGRES. See 'grid migrate up --help'."),
            (unnamed.ExitCode, unnamed.Errors));

        var malformed = await GridProcess.RunAsync("migrate", "up", "--postgres", "secret");
        Assert.Equal(2, malformed.ExitCode);
        Assert.StartsWith("grid: --postgres: the PostgreSQL address is not well formed: ", malformed.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", malformed.Errors, StringComparison.Ordinal);

        await database.ExecuteAsync("CREATE SCHEMA grid");
        var foreign = await GridProcess.RunAsync("migrate", "status", "--postgres", database.ConnectionString, "--format", "csv");
        Assert.Equal(
            (1, "grid: the database has a schema 'grid' without the table grid.schema_version: something else made it; use another database"),
            (foreign.ExitCode, foreign.Errors));
    }
}

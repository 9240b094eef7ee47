using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Dumps;
using Grid.Testing;

namespace Grid.Storage.Tests.Postgres;

/// <summary>Finding and running PostgreSQL's programs, of which scripts play the part.</summary>
public sealed class PostgresToolTests : IDisposable
{
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Oldest_program_is_taken_that_is_not_older_than_the_server()
    {
        string[] folders = [Program("14.9"), Program("18.1 (Debian 18.1-1)"), Program("16.2"), _temp.File("empty")];
        Assert.Equal(16, (await FindAsync(15, folders)).Major);
        Assert.Equal(16, (await FindAsync(16, folders)).Major);
        Assert.Equal(18, (await FindAsync(17, folders)).Major);
    }

    [Fact]
    public async Task Server_newer_than_the_program_is_told_with_what_to_install()
    {
        var failure = await Assert.ThrowsAsync<GridStorageException>(() => FindAsync(18, [Program("15.14"), Program("16.2")]));
        Assert.Equal("the server h:1 is of PostgreSQL 18, and the newest tool here is of 16, which cannot be used with it; install the package postgresql-client-18", failure.Message);
        failure = await Assert.ThrowsAsync<GridStorageException>(() => FindAsync(18, [_temp.File("empty")]));
        Assert.StartsWith("there is no tool in PATH or ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Password_goes_by_the_environment_and_not_by_the_command_line()
    {
        var tool = await FindAsync(15, [Program("15.1")]);
        await tool.RunAsync(PostgresAddress.Parse("postgresql://me:secret%21@h:5433/market?sslmode=verify-full"), ["--a", "b c"], TestContext.Current.CancellationToken);
        var said = (await File.ReadAllTextAsync(tool.Path + ".said", TestContext.Current.CancellationToken)).Split('\n');
        Assert.Equal(["--a b c", "h 5433 me market secret! verify-full"], said[..2]);
    }

    [Fact]
    public async Task What_a_failed_program_says_is_told_in_one_line()
    {
        var tool = await FindAsync(15, [Program("15.1", "echo 'tool: error: no'; echo 'tool: hint: try' ; exit 3")]);
        var failure = await Assert.ThrowsAsync<GridStorageException>(() => tool.RunAsync(null, [], TestContext.Current.CancellationToken));
        Assert.Equal("tool failed with 3: tool: error: no; tool: hint: try", failure.Message);
    }

    private static Task<PostgresTool> FindAsync(int major, string[] folders) =>
        PostgresTool.FindAsync("tool", major, "the server h:1", folders, TestContext.Current.CancellationToken);

    private string Program(string version, string otherwise = "printf '%s\\n' \"$*\" \"$PGHOST $PGPORT $PGUSER $PGDATABASE $PGPASSWORD $PGSSLMODE\" >\"$0.said\"")
    {
        var folder = Directory.CreateDirectory(_temp.File(version.Split(' ')[0])).FullName;
        var path = Path.Combine(folder, "tool");
        File.WriteAllText(path, $"#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'tool (PostgreSQL) {version}'; exit 0; fi\n{{ {otherwise}; }} >&2\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return folder;
    }
}

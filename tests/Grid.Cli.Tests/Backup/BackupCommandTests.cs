using Grid.Cli.Tests.Commands;
using Grid.Testing.Postgres;

namespace Grid.Cli.Tests.Backup;

/// <summary><c>grid backup</c> and <c>grid restore</c> beside a server that runs, all of them processes of their own.</summary>
public sealed class BackupCommandTests(PrivatePostgres postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Running_server_and_its_database_are_backed_up_under_feed_and_come_back_elsewhere()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var another = await postgres.CreateDatabaseAsync();
        var config = WriteConfig("grid.json", database.ConnectionString);
        using var server = Serve("data", config);
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");
        var trades = WriteTrades(1, 150_000);
        var feeding = GridProcess.RunAsync("feed", "csv", trades, "--to", feed, "--ack", "committed");
        var during = await BackupAsync("--config", config);
        Assert.Equal(0, (await feeding).ExitCode);
        var after = await BackupAsync("--config", config);

        // What the backup of the middle does not have, and what it has, is fed once more.
        var restored = await GridProcess.RunAsync("restore", during, "--data", _folder.File("restored"), "--postgres", another.ConnectionString);
        Assert.Equal((0, string.Empty), (restored.ExitCode, restored.Errors));
        using var again = Serve("restored", WriteConfig("again.json", another.ConnectionString));
        var httpAgain = await again.ReadLineAsync("http ");
        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", trades, "--to", await again.ReadLineAsync("feed "), "--ack", "committed")).ExitCode);
        foreach (var question in new string[][] { ["latest", "I1", "I7"], ["bars", "I1", "--interval", "1m"] })
        {
            var answers = new List<string>();
            foreach (var where in (string[])[http, httpAgain])
            {
                var answer = await GridProcess.RunAsync([.. question, "--format", "csv", "--http", where]);
                Assert.True(answer.ExitCode == 0, answer.Errors);
                answers.Add(answer.Output);
            }

            Assert.Equal(answers[0], answers[1]);
        }

        const string Sql = "SELECT count(*), count(DISTINCT sequence), sum(size)::text, (SELECT sum(count) FROM grid.bar), (SELECT sum(ticks) FROM grid.latest), (SELECT sum(accepted + flagged) FROM grid.data_quality_log) FROM grid.tick";
        Assert.StartsWith("150000|150000|", Assert.Single(await another.RowsAsync(Sql)), StringComparison.Ordinal);
        Assert.Equal(await database.RowsAsync(Sql), await another.RowsAsync(Sql));
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        Assert.Equal(0, (await again.TerminateAsync()).ExitCode);
        Assert.Equal((await HashAsync("data")).Split('\n')[0], (await HashAsync("restored")).Split('\n')[0]);
        Assert.Equal(0, (await GridProcess.RunAsync("restore", after, "--data", _folder.File("whole"))).ExitCode);
        Assert.Equal(await HashAsync("data"), await HashAsync("whole"));
    }

    [Fact]
    public async Task Point_in_time_and_verification_work_on_the_command_line()
    {
        using (var server = Serve("data"))
        {
            Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", WriteTrades(1, 500), "--to", await server.ReadLineAsync("feed "))).ExitCode);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        }

        var made = await GridProcess.RunAsync("backup", "--to", _folder.File("backups"), "--data", _folder.File("data"));
        var backup = made.Output.Split('\n')[0]["backup ".Length..];
        Assert.Equal(made.Output, (await GridProcess.RunAsync("backup", "verify", backup)).Output);

        var restored = await GridProcess.RunAsync("restore", backup, "--data", _folder.File("restored"), "--until", "2100-01-01T00:00:00Z", "--journal", _folder.File("data"));
        Assert.Equal((0, string.Empty), (restored.ExitCode, restored.Errors));
        Assert.StartsWith($"data {_folder.File("restored")}\njournal 1 to ", restored.Output, StringComparison.Ordinal);
        Assert.Equal(await HashAsync("data"), await HashAsync("restored"));

        var early = await GridProcess.RunAsync("restore", backup, "--data", _folder.File("early"), "--until", "2020-01-01");
        Assert.Equal(1, early.ExitCode);
        Assert.StartsWith("grid: nothing was received at or before 2020-01-01T00:00:00.000000000Z: the first batch in the journal is of ", early.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("early")));
    }

    [Fact]
    public async Task Disk_that_refuses_leaves_no_half_backup()
    {
        using (var server = Serve("data"))
        {
            Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", WriteTrades(1, 20_000), "--to", await server.ReadLineAsync("feed "))).ExitCode);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        }

        // No file may be larger than 16 blocks of 512 bytes: copying the journal ends in the middle, as on a full disk.
        var dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var (code, output) = await OtherProgram.RunAsync(
            "sh", "-c", "trap '' XFSZ; ulimit -f 16; export DOTNET_EnableDiagnostics=0 DOTNET_EnableWriteXorExecute=0; exec \"$0\" \"$@\"",
            dotnet, Path.Combine(AppContext.BaseDirectory, "grid.dll"), "backup", "--to", _folder.File("backups"), "--data", _folder.File("data"));

        Assert.True(code == 1, output);
        Assert.StartsWith($"grid: backup into '{_folder.File("backups")}' failed, and nothing of it is left: ", output, StringComparison.Ordinal);
        Assert.Single(output.Trim().Split('\n'));
        Assert.Empty(Directory.GetDirectories(_folder.File("backups")));
        Assert.Equal(0, (await GridProcess.RunAsync("backup", "--to", _folder.File("backups"), "--data", _folder.File("data"))).ExitCode);
    }

    [Fact]
    public async Task Wrong_usage_ends_with_2_and_failures_with_1_in_one_line()
    {
        await CheckAsync(2, "grid: Option '--to' is required.", "backup");
        await CheckAsync(2, "grid: Required argument missing for command: 'verify'.", "backup", "verify");
        await CheckAsync(2, "grid: --postgres: the PostgreSQL address is not well formed: ", "backup", "--to", "x", "--postgres", "secret");
        await CheckAsync(2, "grid: Option '--data' is required.", "restore", "x");
        await CheckAsync(2, "grid: --until 'noon' is not a time", "restore", "x", "--data", "y", "--until", "noon");
        await CheckAsync(1, $"grid: data folder '{_folder.File("none")}' does not exist", "backup", "--to", _folder.File("b"), "--data", _folder.File("none"));
        await CheckAsync(1, $"grid: backup '{_folder.File("none")}' does not exist", "backup", "verify", _folder.File("none"));
        await CheckAsync(1, $"grid: backup '{_folder.File("none")}' does not exist", "restore", _folder.File("none"), "--data", _folder.File("new"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    private async Task<string> BackupAsync(params string[] options)
    {
        var made = await GridProcess.RunAsync(["backup", "--to", _folder.File("backups"), "--data", _folder.File("data"), .. options]);
        Assert.Equal((0, string.Empty), (made.ExitCode, made.Errors));
        Assert.Matches("^backup .*\nfiles [0-9]+, [0-9,]+ bytes\njournal 1 to [0-9]+.*\nsnapshot ([0-9]+|none)\ndatabase [0-9]+\n$", made.Output);
        return made.Output.Split('\n')[0]["backup ".Length..];
    }

    private static async Task CheckAsync(int code, string begin, params string[] args)
    {
        var result = await GridProcess.RunAsync(args);
        Assert.Equal((code, string.Empty), (result.ExitCode, result.Output));
        Assert.StartsWith(begin, result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n'));
    }

    private GridProcess Serve(string name, string? config = null) => GridProcess.Start(
        ["serve", "--data", _folder.File(name), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0", .. config is null ? Array.Empty<string>() : ["--config", config]]);

    private string WriteConfig(string name, string connection) => _folder.Write(
        name,
        $$$"""{ "Postgres": { "ConnectionString": "{{{connection}}}", "Migrate": true, "FlushInterval": "00:00:00.005" }, "Grid": { "SnapshotJournalBytes": 1048576 } }""");

    private string WriteTrades(int first, int count) => _folder.Write(
        $"trades-{first}.csv",
        "time,instrument,price,size,channel,sequence\n"
        + string.Concat(Enumerable.Range(first, count).Select(i => $"2024-05-01T13:{30 + (i / 15_000)}:{i / 250 % 60:D2}Z,I{i % 11},{100 + (i % 7)},{1 + (i % 13)},c,{i}\n")));

    private async Task<string> HashAsync(string data)
    {
        var replay = await GridProcess.RunAsync("journal", "replay", "--hash", "--data", _folder.File(data));
        Assert.True(replay.ExitCode == 0, replay.Errors);
        return replay.Output;
    }
}

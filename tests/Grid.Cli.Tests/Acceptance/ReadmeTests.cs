using System.Text.RegularExpressions;
using Grid.Cli.Tests.Commands;
using Grid.Testing.Postgres;

namespace Grid.Cli.Tests.Acceptance;

/// <summary>The README's own commands, as they stand there, against a server of the test's own.</summary>
public sealed class ReadmeTests(PrivatePostgres postgres) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Commands_of_the_readme_work()
    {
        var commands = Commands("grid ");
        var csv = _folder.Write("trades.csv", "kind,time,instrument,channel,sequence,price,size\ntrade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10\n");
        var data = _folder.File("data");
        using var server = GridProcess.Start([.. Find(commands, "serve", csv, data), "--http", "127.0.0.1:0", "--feed", "127.0.0.1:0"]);
        var http = await server.ReadLineAsync("http ");
        var feed = await server.ReadLineAsync("feed ");

        Assert.Equal(0, (await GridProcess.RunAsync([.. Find(commands, "feed", csv, data), "--to", feed])).ExitCode);
        foreach (var name in (string[])["latest", "ticks", "bars", "quality", "quarantine", "gaps", "producers", "status"])
        {
            var answer = await GridProcess.RunAsync([.. Find(commands, name, csv, data), "--http", http]);
            Assert.True(answer.ExitCode == 0, $"{name}: {answer.Errors}");
        }

        var watched = await GridProcess.RunAsync([.. Find(commands, "watch", csv, data), "--updates", "1", "--http", http]);
        Assert.Equal((0, "2024-05-01T13:30:00.000000000Z IBM last 181.5 x 10 bid - x - ask - x -"), (watched.ExitCode, watched.Output.Trim()));

        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        var offline = commands.Where(c => c[0] == "journal").ToList();
        Assert.Equal(3, offline.Count);
        foreach (var command in offline)
        {
            var answer = await GridProcess.RunAsync(Placed(command, csv, data));
            Assert.True(answer.ExitCode == 0, $"{string.Join(' ', command)}: {answer.Errors}");
        }
    }

    [Fact]
    public async Task Programs_of_others_that_the_readme_shows_work()
    {
        var csv = _folder.Write("trades.csv", "kind,time,instrument,channel,sequence,price,size\ntrade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10\n");
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--http", "127.0.0.1:0", "--feed", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", csv, "--to", await server.ReadLineAsync("feed "))).ExitCode);
        var lines = File.ReadLines(Path.Combine(Root(), "README.md")).Where(l => l.StartsWith("curl ", StringComparison.Ordinal) || l.StartsWith("wrk ", StringComparison.Ordinal)).ToList();
        Assert.Equal(7, lines.Count);

        foreach (var line in lines)
        {
            // As it stands there, but for the port, the file's place, and how long it lasts.
            var words = Words(line).Select(w => w.Replace("http://127.0.0.1:7400", http, StringComparison.Ordinal).Replace("@trades.csv", "@" + csv, StringComparison.Ordinal)).ToArray();
            After(words, "-d", "1s");
            var isStream = After(words, "--max-time", "1");
            var (code, output) = await OtherProgram.RunAsync(words[0], words[1..]);

            // curl ends with 28 when the time is over, which is how a stream is left.
            Assert.True(code == (isStream ? 28 : 0), $"{line}: {code}: {output}");
            Assert.DoesNotContain("\"code\"", output, StringComparison.Ordinal);
            Assert.DoesNotContain("Non-2xx", output, StringComparison.Ordinal);
            Assert.Contains(words[0] == "wrk" ? "Requests/sec:" : line.Contains("/write", StringComparison.Ordinal) ? "204 No Content" : line.Contains("/v1/events", StringComparison.Ordinal) ? "\"duplicate\"" : "181.5", output, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
    }

    [Fact]
    public async Task Commands_for_keys_in_the_readme_work()
    {
        var id = string.Empty;
        var lines = File.ReadLines(Path.Combine(Root(), "README.md")).Where(l => l.StartsWith("$ grid keys ", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, lines.Count);
        foreach (var line in lines)
        {
            var words = Words(line["$ grid ".Length..]);
            if (words[1] == "revoke")
            {
                words[2] = id;
            }

            var answer = await GridProcess.RunAsync([.. words, "--data", _folder.File("data")]);
            Assert.True(answer.ExitCode == 0, $"{line}: {answer.Errors}");
            id = words[1] == "create" ? answer.Output[5..13] : id;
        }
    }

    [Fact]
    public async Task Commands_for_PostgreSQL_in_the_readme_work()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var address = new Dictionary<string, string> { ["GRID_POSTGRES"] = database.ConnectionString };
        var csv = _folder.Write("trades.csv", "kind,time,instrument,channel,sequence,price,size\ntrade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10\n");
        var migrations = File.ReadLines(Path.Combine(Root(), "README.md")).Where(l => l.StartsWith("$ grid migrate ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, migrations.Count);
        foreach (var line in migrations)
        {
            using var migrate = GridProcess.Start(address, Words(line["$ grid ".Length..]));
            var answer = await migrate.EndAsync();
            Assert.True(answer.ExitCode == 0, $"{line}: {answer.Errors}");
        }

        var commands = Commands("$ grid ").Where(c => c[0] is "serve" or "feed").ToList();
        var instead = commands.Single(c => c.Contains("--take-over"));
        commands.Remove(instead);
        using var server = Serve(Find(commands, "serve", csv, _folder.File("data")));
        var feed = await server.ReadLineAsync("feed ");
        Assert.Equal(0, (await GridProcess.RunAsync([.. Find(commands, "feed", csv, string.Empty), "--to", feed])).ExitCode);
        Assert.Equal(["IBM|181.5"], await database.RowsAsync("SELECT instrument, price FROM grid.v_trade"));
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);

        using var found = Serve(instead);
        Assert.Contains("181.5", (await GridProcess.RunAsync("latest", "IBM", "--http", await found.ReadLineAsync("http "))).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await found.TerminateAsync()).ExitCode);

        GridProcess Serve(string[] command) => GridProcess.Start(
        [
            .. command.Select(w => w == "new" ? _folder.File("new") : w.Replace("\"$GRID_POSTGRES\"", database.ConnectionString, StringComparison.Ordinal)),
            "--http", "127.0.0.1:0", "--feed", "127.0.0.1:0",
        ]);
    }

    [Fact]
    public async Task Commands_for_backups_in_the_readme_work()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var another = await postgres.CreateDatabaseAsync();
        Assert.Equal(0, (await GridProcess.RunAsync("migrate", "up", "--postgres", database.ConnectionString)).ExitCode);
        var data = _folder.File("data");
        using var server = GridProcess.Start("serve", "--data", data, "--postgres", database.ConnectionString, "--http", "127.0.0.1:0", "--feed", "127.0.0.1:0");
        await server.ReadLineAsync("feed ");
        var lines = File.ReadLines(Path.Combine(Root(), "README.md")).Where(l => l.StartsWith("$ grid backup", StringComparison.Ordinal) || l.StartsWith("$ grid restore", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, lines.Count);
        var backup = string.Empty;
        foreach (var line in lines)
        {
            // As it stands there, but for the places.
            var words = Words(line["$ grid ".Length..]).Select(w => w switch
            {
                "$GRID_POSTGRES" => database.ConnectionString,
                "$GRID_RESTORED" => another.ConnectionString,
                "data" => data,
                "backups" or "restored" => _folder.File(w),
                _ when w.StartsWith("backups/", StringComparison.Ordinal) => backup,
                _ => w,
            });
            var answer = await GridProcess.RunAsync([.. words]);
            Assert.True(answer.ExitCode == 0, $"{line}: {answer.Errors}");
            backup = backup.Length == 0 ? answer.Output.Split('\n')[0]["backup ".Length..] : backup;
        }

        Assert.Equal(1, await another.ScalarAsync<long>("SELECT count(*) FROM grid.watermark"));
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
    }

    // Lines of code blocks that begin with the command, without the remark behind them.
    private static List<string[]> Commands(string prefix) =>
        [.. File.ReadLines(Path.Combine(Root(), "README.md"))
            .Where(l => l.StartsWith(prefix, StringComparison.Ordinal))
            .Select(l => l[prefix.Length..].Split('#')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    // As a shell takes them apart.
    private static string[] Words(string line) =>
        [.. Regex.Matches(line, """'([^']*)'|"([^"]*)"|(\S+)""").Select(w => w.Groups[1].Value + w.Groups[2].Value + w.Groups[3].Value)];

    // Replaces what stands behind a word; false if the word is not there.
    private static bool After(string[] words, string word, string value)
    {
        var at = Array.IndexOf(words, word);
        if (at >= 0)
        {
            words[at + 1] = value;
        }

        return at >= 0;
    }

    private static string[] Find(List<string[]> commands, string name, string csv, string data) => Placed(commands.Single(c => c[0] == name), csv, data);

    private static string[] Placed(string[] command, string csv, string data) =>
        [.. command.Select(w => w == "trades.csv" ? csv : w == "data" ? data : w)];

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}

namespace Grid.Cli.Tests.Commands;

public sealed class JournalCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Damage_is_found_repaired_and_named()
    {
        var data = _folder.File("data");
        var rows = string.Concat(Enumerable.Range(1, 40_000).Select(i => $"2024-05-01T13:30:00Z,S{i % 50},{100 + (i % 7)},1,c,{i}\n"));
        var csv = _folder.Write("a.csv", "time,instrument,price,size,channel,sequence\n" + rows);
        using (var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0"))
        {
            Assert.Equal(0, (await GridProcess.RunAsync("feed", "csv", csv, "--to", await server.ReadLineAsync("feed "))).ExitCode);
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        }

        Assert.Equal(0, (await GridProcess.RunAsync("journal", "verify", "--data", data)).ExitCode);
        var segment = Directory.GetFiles(Path.Combine(data, "journal")).Single();
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[100_000] ^= 0xFF;
        await File.WriteAllBytesAsync(segment, bytes);

        var verify = await GridProcess.RunAsync("journal", "verify", "--data", data, "--format", "csv");
        Assert.Equal(1, verify.ExitCode);
        Assert.StartsWith("file,created,first_lsn,last_lsn,frames,bytes,problems\n0000000000000001.journal,", verify.Output, StringComparison.Ordinal);
        Assert.Contains("LSN ", verify.Errors, StringComparison.Ordinal);
        Assert.Contains("grid: the journal is damaged, problems found: 1; 'grid journal repair' keeps what can be read", verify.Errors, StringComparison.Ordinal);

        var repair = await GridProcess.RunAsync("journal", "repair", "--data", data);
        Assert.Equal((0, string.Empty), (repair.ExitCode, repair.Errors));
        Assert.Contains("lost: LSN ", repair.Output, StringComparison.Ordinal);
        Assert.Contains("kept as it was: ", repair.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await GridProcess.RunAsync("journal", "verify", "--data", data)).ExitCode);
        var status = await GridProcess.RunAsync("journal", "status", "--data", data, "--format", "csv");
        Assert.Contains("segment,0000000000000001.journal,", status.Output, StringComparison.Ordinal);
        Assert.Contains("\nsnapshot,", status.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Journal_of_a_running_server_is_left_alone()
    {
        var data = _folder.File("data");
        using var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        await server.ReadLineAsync("feed ");

        foreach (var command in new[] { "verify", "repair", "replay" })
        {
            var result = await GridProcess.RunAsync("journal", command, "--data", data);
            Assert.Equal(1, result.ExitCode);
            Assert.StartsWith($"grid: data folder '{data}' is in use by pid ", result.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Whole_journal_needs_no_repair()
    {
        var data = _folder.File("data");
        using (var server = GridProcess.Start("serve", "--data", data, "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0"))
        {
            await server.ReadLineAsync("feed ");
            Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
        }

        Assert.Equal("The journal was whole.\n", (await GridProcess.RunAsync("journal", "repair", "--data", data)).Output);
    }
}

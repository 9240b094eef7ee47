using System.Diagnostics;
using System.Text.Json;
using Xunit;

namespace Grid.Testing.Parquet;

/// <summary>A file as another program read it.</summary>
/// <param name="Error">Why it did not; null if it did.</param>
/// <param name="Types">The types that it gave the columns, in its own words.</param>
/// <param name="Rows">The rows; a value is null or a text.</param>
internal sealed record PeerTable(string? Error, string[] Types, string?[][] Rows);

/// <summary>Readers of Parquet that others made, run with node: DuckDB and hyparquet. <c>./test.sh</c> installs them.</summary>
internal static class ParquetPeers
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Reads files with <c>duckdb</c> or <c>hyparquet</c>; skips the test if it is not installed.</summary>
    public static async Task<PeerTable[]> ReadAsync(string reader, params IReadOnlyCollection<string> files)
    {
        var output = await RunAsync(["values.mjs", reader, .. files]);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>Runs one of the scripts beside the readers, and gives what it prints.</summary>
    public static async Task<string> RunAsync(params IReadOnlyCollection<string> arguments)
    {
        using var node = Process.Start(new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = RequireFolder(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(Patience);
            var output = node.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = node.StandardError.ReadToEndAsync(patience.Token);
            await node.WaitForExitAsync(patience.Token);
            Assert.True(node.ExitCode == 0, await errors);
            return await output;
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill();
            }
        }
    }

    private static PeerTable Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        return json.RootElement.TryGetProperty("error", out var error)
            ? new PeerTable(error.GetString(), [], [])
            : new PeerTable(
                null,
                [.. json.RootElement.GetProperty("types").EnumerateArray().Select(t => t.GetString()!)],
                [.. json.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetString()).ToArray())]);
    }

    private static string RequireFolder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Grid.sln")))
        {
            root = root.Parent!;
        }

        var folder = Path.Combine(root.FullName, "tests", "Grid.Storage.Tests", "Parquet", "Node");
        var missing = !HasNode() ? "node is not installed"
            : !Directory.Exists(Path.Combine(folder, "node_modules", "hyparquet")) ? "'npm ci' was not run in tests/Grid.Storage.Tests/Parquet/Node"
            : null;
        if (missing is not null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", missing);
            Assert.Skip($"NOT TESTED: Parquet files with DuckDB and hyparquet: {missing}");
        }

        return folder;
    }

    private static bool HasNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, "node")) || File.Exists(Path.Combine(f, "node.exe")));
}

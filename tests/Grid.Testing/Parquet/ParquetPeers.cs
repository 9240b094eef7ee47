using System.Text.Json;

namespace Grid.Testing.Parquet;

/// <summary>A file as another program read it.</summary>
/// <param name="Error">Why it did not; null if it did.</param>
/// <param name="Types">The types that it gave the columns, in its own words.</param>
/// <param name="Rows">The rows; a value is null or a text.</param>
internal sealed record PeerTable(string? Error, string[] Types, string?[][] Rows);

/// <summary>Readers of Parquet that others made, run with node: DuckDB and hyparquet. <c>./test.sh</c> installs them.</summary>
internal static class ParquetPeers
{
    /// <summary>Reads files with <c>duckdb</c> or <c>hyparquet</c>; skips the test if it is not installed.</summary>
    public static async Task<PeerTable[]> ReadAsync(string reader, params IReadOnlyCollection<string> files)
    {
        var output = await RunAsync(["values.mjs", reader, .. files]);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    /// <summary>Runs one of the scripts beside the readers, and gives what it prints.</summary>
    public static Task<string> RunAsync(params IReadOnlyCollection<string> arguments) => NodeProgram.RunAsync("tests/Grid.Storage.Tests/Parquet/Node", "hyparquet", arguments);

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
}

using System.Diagnostics;
using Xunit;

namespace Grid.Testing;

/// <summary>Runs scripts with node that use programs of others, which <c>./test.sh</c> installs beside them.</summary>
internal static class NodeProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Runs a script to its end and gives what it prints. Where node or the package is missing the test is skipped, saying so; where
    /// <c>CI</c> is true it fails.
    /// </summary>
    /// <param name="folder">The script's folder, from the root.</param>
    /// <param name="package">A package that must be installed there.</param>
    /// <param name="arguments">The script and its arguments.</param>
    public static async Task<string> RunAsync(string folder, string package, IEnumerable<string> arguments)
    {
        using var node = Process.Start(new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = Require(folder, package),
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
            Assert.True(node.ExitCode == 0, $"{await output}{await errors}");
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

    private static string Require(string folder, string package)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Grid.sln")))
        {
            root = root.Parent!;
        }

        var path = Path.Combine(root.FullName, folder);
        var missing = !HasNode() ? "node is not installed"
            : !Directory.Exists(Path.Combine(path, "node_modules", package)) ? $"'npm ci' was not run in {folder}"
            : null;
        if (missing is not null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", missing);
            Assert.Skip($"NOT TESTED: with {package}: {missing}");
        }

        return path;
    }

    private static bool HasNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, "node")) || File.Exists(Path.Combine(f, "node.exe")));
}

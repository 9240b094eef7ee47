using System.ComponentModel;
using System.Diagnostics;

namespace Grid.Cli.Tests.Commands;

/// <summary>A program of others that a test needs. Without it the test is skipped, or fails where everything must be tested (CI=true).</summary>
internal static class OtherProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs it to its end, and gives its exit code and all that it printed.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var process = Start(program, arguments);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(string program, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception e)
        {
            var missing = $"there is no {program}: install the package '{program}'";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "NOT TESTED: " + missing);
            throw new InvalidOperationException(missing, e);
        }
    }
}

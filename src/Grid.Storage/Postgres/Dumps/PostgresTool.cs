using System.Diagnostics;
using System.Globalization;

namespace Grid.Storage.Postgres.Dumps;

/// <summary>One of PostgreSQL's own programs, found where they usually are, of a version that fits.</summary>
/// <param name="Path">The program.</param>
/// <param name="Major">Its major version.</param>
internal sealed record PostgresTool(string Path, int Major)
{
    private const string DebianFolder = "/usr/lib/postgresql";
    private const int ErrorLinesMax = 4;

    /// <summary>The folders of PATH, then those of Debian's packages.</summary>
    public static IEnumerable<string> Folders()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? string.Empty;
        var packages = Directory.Exists(DebianFolder) ? Directory.GetDirectories(DebianFolder) : [];
        return path.Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Concat(packages.Select(folder => System.IO.Path.Combine(folder, "bin")));
    }

    /// <summary>
    /// The oldest program that is not older than a version: a newer one than needed writes, or says to the server, what an older
    /// one would not know.
    /// </summary>
    /// <param name="name">The program.</param>
    /// <param name="majorAtLeast">The version.</param>
    /// <param name="what">What has this version, for the message.</param>
    /// <param name="folders">Where to look.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">There is none; the message says what to install.</exception>
    public static async Task<PostgresTool> FindAsync(string name, int majorAtLeast, string what, IEnumerable<string> folders, CancellationToken cancel)
    {
        PostgresTool? best = null;
        var newestOlder = 0;
        foreach (var path in folders.Select(folder => System.IO.Path.Combine(folder, name)).Distinct().Where(File.Exists))
        {
            var major = await ReadMajorAsync(path, cancel).ConfigureAwait(false);
            if (major >= majorAtLeast && (best is null || major < best.Major))
            {
                best = new PostgresTool(path, major);
            }
            else if (major < majorAtLeast)
            {
                newestOlder = Math.Max(newestOlder, major);
            }
        }

        return best ?? throw new GridStorageException(newestOlder > 0
            ? $"{what} is of PostgreSQL {majorAtLeast}, and the newest {name} here is of {newestOlder}, which cannot be used with it; install the package postgresql-client-{majorAtLeast}"
            : $"there is no {name} in PATH or {DebianFolder}/*/bin; install the package postgresql-client-{majorAtLeast}");
    }

    /// <summary>Runs it to its end. What the address says goes by the environment, never by the command line, where others could read it.</summary>
    /// <exception cref="GridStorageException">It failed: what it said.</exception>
    public async Task RunAsync(PostgresAddress? address, IEnumerable<string> arguments, CancellationToken cancel)
    {
        var (code, _, errors) = await RunAsync(Path, address, arguments, cancel).ConfigureAwait(false);
        if (code != 0)
        {
            var lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(ErrorLinesMax);
            throw new GridStorageException($"{System.IO.Path.GetFileName(Path)} failed with {code}: {string.Join("; ", lines)}");
        }
    }

    private static async Task<int> ReadMajorAsync(string path, CancellationToken cancel)
    {
        // "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"
        var (code, output, _) = await RunAsync(path, null, ["--version"], cancel).ConfigureAwait(false);
        var version = output.Split(") ", 2) is [_, var rest] ? rest : string.Empty;
        var digits = version.AsSpan(0, version.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end && end < 0 ? version.Length : end);
        return code == 0 && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(
        string path, PostgresAddress? address, IEnumerable<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        address?.PutInto(start.Environment);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(cancel).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
                throw;
            }

            return (process.ExitCode, await output.ConfigureAwait(false), await errors.ConfigureAwait(false));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new GridStorageException($"'{path}' cannot be run: {e.Message}", innerException: e);
        }
    }
}

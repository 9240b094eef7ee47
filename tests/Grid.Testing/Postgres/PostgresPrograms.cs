using System.Diagnostics;
using Xunit;

namespace Grid.Testing.Postgres;

/// <summary>Programs of PostgreSQL and about it, in the PATH or where Debian keeps them.</summary>
public static class PostgresPrograms
{
    /// <summary>Names a folder of PostgreSQL's programs that is preferred.</summary>
    public const string Variable = "GRID_TEST_POSTGRES";

    private const string DebianFolder = "/usr/lib/postgresql";

    // PostgreSQL refuses to run as root, so root's tests run it as one of these.
    private static readonly string[] Unprivileged = ["postgres", "nobody"];

    /// <summary>The path of a program; without it the test is skipped, on a build machine it fails.</summary>
    public static string Require(string program, string package)
    {
        if (Find(program) is { } path)
        {
            return path;
        }

        var missing = $"NOT TESTED: there is no {program}: install the package '{package}', or name the folder of PostgreSQL's programs in {Variable}";
        Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", missing);
        throw new InvalidOperationException(missing);
    }

    /// <summary>Begins a program with arguments, as an unprivileged user where this one is root, with its three streams redirected.</summary>
    public static Process StartUnprivileged(string path, params IEnumerable<string> arguments)
    {
        string[] command = Environment.IsPrivilegedProcess ? [.. AsAnother(), path, .. arguments] : [path, .. arguments];
        return Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
    }

    private static string[] AsAnother()
    {
        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).ToDictionary(fields => fields[0]);
        var user = Unprivileged.First(known.ContainsKey);
        return ["setpriv", $"--reuid={known[user][2]}", $"--regid={known[user][3]}", "--clear-groups"];
    }

    private static string? Find(string program) =>
        Folders().Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            yield return named;
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator))
        {
            yield return folder;
        }

        yield return "/usr/sbin";
        if (Directory.Exists(DebianFolder))
        {
            var versions = from folder in Directory.EnumerateDirectories(DebianFolder)
                           where int.TryParse(Path.GetFileName(folder), out _)
                           orderby int.Parse(Path.GetFileName(folder)) descending
                           select Path.Combine(folder, "bin");
            foreach (var folder in versions)
            {
                yield return folder;
            }
        }
    }
}

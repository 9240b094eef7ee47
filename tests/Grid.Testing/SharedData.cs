using Xunit;

namespace Grid.Testing;

/// <summary>
/// Real data that this repository does not hold: in the folder that <c>GRID_SHARED_DATA</c> names, else in
/// <c>../shared/data</c> beside the repository. A test that asks for a file that is absent is skipped and says so.
/// </summary>
public static class SharedData
{
    /// <summary>Names the folder.</summary>
    public const string Variable = "GRID_SHARED_DATA";

    /// <summary>The folder, or null if there is none.</summary>
    public static string? Folder { get; } = FindFolder();

    /// <summary>The path of a file or folder below the shared folder; skips the test if it is absent.</summary>
    public static string Require(params string[] parts)
    {
        var relative = Path.Combine(parts);
        if (Folder is null)
        {
            Assert.Skip($"NOT TESTED: no shared data for '{relative}': neither {Variable} nor ../shared/data beside the repository is a folder");
        }

        var path = Path.Combine(Folder, relative);
        if (!Path.Exists(path))
        {
            Assert.Skip($"NOT TESTED: '{relative}' is not in the shared data");
        }

        return path;
    }

    private static string? FindFolder()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : null;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Grid.sln")))
            {
                var data = Path.Combine(folder.FullName, "..", "shared", "data");
                return Directory.Exists(data) ? Path.GetFullPath(data) : null;
            }
        }

        return null;
    }
}

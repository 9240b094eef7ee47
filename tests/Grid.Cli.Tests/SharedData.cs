namespace Grid.Cli.Tests;

/// <summary>Data files that are not part of the project: beside the root, or where GRID_SHARED_DATA says.</summary>
internal static class SharedData
{
    /// <summary>The path of a file or folder of the data; skips the test, saying so, where it is absent.</summary>
    public static string Require(string relativePath)
    {
        var root = Environment.GetEnvironmentVariable("GRID_SHARED_DATA") ?? Path.Combine(FindRoot(), "..", "shared", "data");
        var path = Path.GetFullPath(Path.Combine(root, relativePath));
        Assert.SkipUnless(Path.Exists(path), $"The data '{relativePath}' is absent (looked at '{path}'); GRID_SHARED_DATA may name its folder.");
        return path;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no folder above holds Grid.sln");
        }

        return folder;
    }
}

using System.Text.RegularExpressions;

namespace Grid.Tidy.Tests;

/// <summary>The files of this repository, as text. Build outputs and what .gitignore names are left out.</summary>
internal static class Repository
{
    private static readonly HashSet<string> FoldersLeftOut = new(StringComparer.Ordinal)
    {
        ".git", ".vs", ".idea", ".vscode", "bin", "obj", "artifacts", "TestResults", "BenchmarkDotNet.Artifacts", "node_modules",
    };

    private static readonly HashSet<string> RootFoldersLeftOut = new(StringComparer.Ordinal) { "data", "logs", "shared" };

    private static readonly HashSet<string> BinaryKinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ".bin", ".parquet", ".png", ".ico", ".woff2", ".gz", ".zip",
    };

    /// <summary>The folder that holds Grid.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every file, binary ones too.</summary>
    public static IReadOnlyList<RepositoryFile> Files { get; } = Walk(Root).ToList();

    public static IEnumerable<RepositoryFile> TextFiles => Files.Where(f => !BinaryKinds.Contains(Path.GetExtension(f.Path)));

    /// <summary>Every .cs file under src/ and tests/.</summary>
    public static IEnumerable<RepositoryFile> Sources =>
        Files.Where(f => f.Path.EndsWith(".cs", StringComparison.Ordinal) && (f.IsUnder("src/") || f.IsUnder("tests/")));

    public static IEnumerable<ProjectFile> Projects =>
        Files.Where(f => f.Path.EndsWith(".csproj", StringComparison.Ordinal)).Select(f => new ProjectFile(f));

    public static RepositoryFile File(string path) => new(Root, path);

    /// <summary>One line for each place where the pattern stands: path, line number and what was found.</summary>
    public static IEnumerable<string> Places(IEnumerable<RepositoryFile> files, Regex pattern)
    {
        foreach (RepositoryFile file in files)
        {
            for (int i = 0; i < file.Lines.Count; i++)
            {
                Match match = pattern.Match(file.Lines[i]);
                if (match.Success) yield return $"{file.Path}:{i + 1}: {match.Value}";
            }
        }
    }

    private static IEnumerable<RepositoryFile> Walk(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            yield return new RepositoryFile(Root, Path.GetRelativePath(Root, path).Replace('\\', '/'));

        foreach (string inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(inner);
            bool isLeftOut = FoldersLeftOut.Contains(name) || (folder == Root && RootFoldersLeftOut.Contains(name));
            if (isLeftOut) continue;
            foreach (RepositoryFile file in Walk(inner)) yield return file;
        }
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (System.IO.File.Exists(Path.Combine(folder, "Grid.sln"))) return folder;
        }

        throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' holds Grid.sln.");
    }
}

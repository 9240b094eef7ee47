namespace Grid.Tidy.Tests;

/// <summary>A file, named by its path from the root with forward slashes; read when first asked for.</summary>
internal sealed class RepositoryFile(string root, string path)
{
    private string? _text;
    private IReadOnlyList<string>? _lines;

    public string Path { get; } = path;

    public string FullPath { get; } = System.IO.Path.Combine(root, path);

    public string Name => System.IO.Path.GetFileName(Path);

    public string Text => _text ??= File.ReadAllText(FullPath);

    public IReadOnlyList<string> Lines => _lines ??= Text.Split('\n').Select(line => line.TrimEnd('\r')).ToList();

    public bool IsUnder(string folder) => Path.StartsWith(folder, StringComparison.Ordinal);
}

using System.IO.Compression;

namespace Grid.Cli.Tests;

/// <summary>A folder of one test, removed with it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("grid-cli-test-").FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    /// <summary>Makes a zip of entries given as name and content.</summary>
    public string Zip(string name, params (string Entry, string Content)[] entries)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(File(name))!);
        using var zip = ZipFile.Open(File(name), ZipArchiveMode.Create);
        foreach (var (entry, content) in entries)
        {
            using var writer = new StreamWriter(zip.CreateEntry(entry).Open());
            writer.Write(content);
        }

        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

namespace Grid.Testing;

/// <summary>A folder on disk of one test, removed with it.</summary>
public sealed class TempFolder : IDisposable
{
    /// <summary>An empty folder.</summary>
    public TempFolder() => Path = Directory.CreateTempSubdirectory("grid-test-").FullName;

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>A path in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Copies a data folder into it as it is now, without its lock: what a process that is killed leaves behind.</summary>
    public string CopyOf(string folder, string name)
    {
        var target = File(name);
        while (!TryCopy(folder, target))
        {
            Directory.Delete(target, recursive: true);
        }

        return target;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);

    // False if a file went, or got another name, between being seen and being copied: a process is killed at one moment.
    private static bool TryCopy(string folder, string target)
    {
        Directory.CreateDirectory(target);
        try
        {
            foreach (var from in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(f => System.IO.Path.GetFileName(f) != "lock"))
            {
                var to = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(folder, from));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
                System.IO.File.Copy(from, to);
            }

            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }
}

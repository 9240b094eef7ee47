namespace Grid.Cli.Bench;

/// <summary>Where a benchmark keeps its files: a folder of its own that is deleted at the end, or one that was given and stays.</summary>
internal sealed class BenchFolder : IDisposable
{
    private readonly bool _stays;

    /// <summary>Makes the folder.</summary>
    /// <param name="given">The folder to use, which must be empty or not there; null for a temporary one.</param>
    /// <exception cref="CommandFailure">The folder holds something.</exception>
    public BenchFolder(string? given)
    {
        _stays = given is not null;
        Path = given is null ? Directory.CreateTempSubdirectory("grid-bench-").FullName : System.IO.Path.GetFullPath(given);
        Directory.CreateDirectory(Path);
        if (Directory.EnumerateFileSystemEntries(Path).Any())
        {
            throw new CommandFailure($"--keep '{given}' is not empty");
        }
    }

    public string Path { get; }

    public void Dispose()
    {
        if (!_stays)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}

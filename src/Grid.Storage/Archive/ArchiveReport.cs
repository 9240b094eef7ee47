namespace Grid.Storage.Archive;

/// <summary>What was found of an archive.</summary>
/// <param name="Manifests">The manifests that could be read, in order.</param>
/// <param name="Problems">What is wrong, with the file; empty if all is well.</param>
public sealed record ArchiveReport(IReadOnlyList<ArchiveManifest> Manifests, IReadOnlyList<string> Problems)
{
    /// <summary>True if nothing is wrong.</summary>
    public bool IsHealthy => Problems.Count == 0;
}

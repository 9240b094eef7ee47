using Grid.Storage.Archive;

namespace Grid.Runtime.Backup;

/// <summary>The publications of an archive in a data folder or a backup. A grid that runs may add to them, and changes none.</summary>
/// <param name="Manifests">Its manifests, in order.</param>
internal sealed record ArchiveContents(IReadOnlyList<ArchiveManifest> Manifests)
{
    /// <summary>The last input that is archived with all before it; 0 for none.</summary>
    public ulong ThroughLsn => Manifests is [.., var last] ? last.ThroughLsn : 0;

    /// <summary>Reads them; none where there is no archive.</summary>
    /// <exception cref="Storage.GridStorageException">A manifest is damaged, or one is missing.</exception>
    public static ArchiveContents Read(string parent) => new([.. ArchiveFolder.ReadManifests(parent)]);

    /// <summary>The files of some publications, in an order in which a file is there before the manifest that names it.</summary>
    public static IEnumerable<string> PathsOf(IEnumerable<ArchiveManifest> manifests) =>
        manifests.SelectMany(m => m.Parts.Select(BackupLayout.ArchivePath).Append(BackupLayout.ArchivePath(m)));
}

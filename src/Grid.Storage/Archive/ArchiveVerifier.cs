using System.Security.Cryptography;
using Grid.Domain.Identifiers;
using Grid.Storage.Parquet;

namespace Grid.Storage.Archive;

/// <summary>Compares an archive's manifests with its files, and says every difference. Changes nothing.</summary>
public sealed class ArchiveVerifier
{
    private readonly string _root;
    private readonly List<string> _problems = [];
    private readonly List<ArchiveManifest> _manifests = [];
    private readonly HashSet<string> _listed = new(StringComparer.Ordinal);

    private ArchiveVerifier(string root) => _root = root;

    /// <summary>Reads all of the archive in a data folder.</summary>
    /// <param name="dataFolder">The data folder, which no server writes to meanwhile.</param>
    /// <param name="progress">Told each file that was read.</param>
    public static ArchiveReport Verify(string dataFolder, Action<ArchivePart>? progress = null)
    {
        var verifier = new ArchiveVerifier(Path.Combine(dataFolder, ArchiveFolder.FolderName));
        verifier.ReadManifests();
        foreach (var part in verifier._manifests.SelectMany(m => m.Parts))
        {
            verifier.Check(part);
            progress?.Invoke(part);
        }

        verifier.FindUnlisted();
        return new ArchiveReport(verifier._manifests, verifier._problems);
    }

    private void ReadManifests()
    {
        var folder = Path.Combine(_root, ArchiveFolder.ManifestFolderName);
        var through = 0UL;
        foreach (var path in FilesOf(folder, "*" + ArchiveFolder.ManifestSuffix, SearchOption.TopDirectoryOnly))
        {
            try
            {
                var manifest = ArchiveManifest.Parse(File.ReadAllBytes(path));
                if (manifest.AfterLsn != through)
                {
                    _problems.Add($"manifest '{path}' holds what follows journal frame {manifest.AfterLsn}, but the one before it ends at {through}");
                }

                through = manifest.ThroughLsn;
                _manifests.Add(manifest);
            }
            catch (FormatException fault)
            {
                _problems.Add($"manifest '{path}' is damaged: {fault.Message}");
            }
        }
    }

    private void Check(ArchivePart part)
    {
        var path = Path.Combine([_root, .. part.FolderNames(), part.Name]);
        if (!_listed.Add(path))
        {
            _problems.Add($"file '{path}' stands in two manifests");
            return;
        }

        if (!File.Exists(path))
        {
            _problems.Add($"file '{path}' of {part.Rows} rows is missing");
            return;
        }

        if (FaultOfBytes(path, part) is { } damage)
        {
            _problems.Add(damage);
            return;
        }

        try
        {
            CheckRows(path, part);
        }
        catch (GridStorageException fault)
        {
            _problems.Add($"file '{path}' cannot be read: {fault.Message}");
        }
    }

    private static string? FaultOfBytes(string path, ArchivePart part)
    {
        using var file = File.OpenRead(path);
        return file.Length != part.Bytes ? $"file '{path}' has {file.Length} bytes; its manifest says {part.Bytes}"
            : Convert.ToHexStringLower(SHA256.HashData(file)) != part.Sha256 ? $"file '{path}' is not what was written: its SHA-256 is not that of its manifest"
            : null;
    }

    private void CheckRows(string path, ArchivePart part)
    {
        using var file = ParquetFile.Open(path);
        var from = UnixNanos.From(new DateTimeOffset(part.Date.ToDateTime(default), TimeSpan.Zero)).Value;
        var reader = file.Read(["instrument", "time"]);
        long rows = 0;
        byte[] instrument = [];
        var time = long.MinValue;
        while (reader.NextBatch())
        {
            for (var row = 0; row < reader.Rows; row++, rows++)
            {
                var symbol = reader[0].Bytes(row);
                var at = reader[1].Int64(row);
                var order = symbol.SequenceCompareTo(instrument);
                if (at < from || at - from >= UnixNanos.PerDay || order < 0 || (order == 0 && at < time))
                {
                    _problems.Add($"file '{path}' has a row {rows} at {new UnixNanos(at)} that is of another date, or out of order");
                    return;
                }

                time = at;
                if (order != 0)
                {
                    instrument = symbol.ToArray();
                }
            }
        }

        if (rows != part.Rows)
        {
            _problems.Add($"file '{path}' has {rows} rows; its manifest says {part.Rows}");
        }
    }

    private void FindUnlisted()
    {
        foreach (var path in FilesOf(_root, "*.parquet*", SearchOption.AllDirectories))
        {
            if (!_listed.Contains(path))
            {
                _problems.Add($"file '{path}' stands in no manifest; a start removes what a crash left");
            }
        }
    }

    private static IEnumerable<string> FilesOf(string folder, string pattern, SearchOption depth) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, depth).Order(StringComparer.Ordinal) : [];
}

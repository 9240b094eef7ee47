using System.CommandLine;
using Grid.Cli.Output;
using Grid.Storage.Archive;
using Grid.Storage.Journal;

namespace Grid.Cli.Commands;

/// <summary><c>grid archive status|verify</c>: looks after the Parquet files of a data folder.</summary>
internal static class ArchiveCommand
{
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder; 'data' unless given", HelpName = "DIR" };
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();

    public static Command Create()
    {
        var status = new Command("status", "Say what is archived, by kind and date") { Data, Format };
        status.SetAction(Status);
        var verify = new Command("verify", "Read all files of a data folder that no server has open, compare them with their manifests and say what is wrong; changes nothing") { Data, Format };
        verify.SetAction(Verify);
        return new Command("archive", "Look after the Parquet files of a data folder") { status, verify };
    }

    private static int Status(ParseResult line)
    {
        Write(line, ArchiveFolder.ReadManifests(FolderOf(line)));
        return 0;
    }

    private static int Verify(ParseResult line)
    {
        var folder = FolderOf(line);
        using var taken = DataFolderLock.Acquire(new DiskDirectory(folder));
        var report = ArchiveVerifier.Verify(folder);
        Write(line, report.Manifests);
        foreach (var problem in report.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        return report.IsHealthy ? 0 : throw new CommandFailure($"the archive is damaged, problems found: {report.Problems.Count}; restore the files named above from a backup");
    }

    private static void Write(ParseResult line, IEnumerable<ArchiveManifest> manifests)
    {
        var rows = manifests.SelectMany(m => m.Parts.Select(p => (Manifest: m, Part: p)))
            .GroupBy(p => (p.Part.Kind, p.Part.Date))
            .OrderBy(g => g.Key)
            .Select(g => (IReadOnlyList<Cell>)
            [
                g.Key.Kind.ToString().ToLowerInvariant(),
                g.Key.Date.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
                (long)g.Count(),
                g.Sum(p => p.Part.Rows),
                g.Sum(p => p.Part.Bytes),
                (long)g.Max(p => p.Manifest.ThroughLsn),
            ]);
        RowWriter.Write(
            line.GetValue(Format) ?? RowFormat.Table, Console.Out, !Console.IsOutputRedirected, ["kind", "date", "files", "rows", "bytes", "through_frame"], rows);
    }

    private static string FolderOf(ParseResult line) => CommandLine.DataFolder(line.GetValue(Data), ArchiveFolder.FolderName, "archive");
}

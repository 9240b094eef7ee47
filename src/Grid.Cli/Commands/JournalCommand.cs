using System.CommandLine;
using Grid.Cli.Output;
using Grid.Cli.Settings;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Recovery;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;

namespace Grid.Cli.Commands;

/// <summary><c>grid journal status|verify|repair|replay</c>: looks after the journal of a data folder that no server has open.</summary>
internal static class JournalCommand
{
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder; 'data' unless given", HelpName = "DIR" };
    private static readonly Option<string?> Config = new("--config") { Description = "the server's configuration", HelpName = "F" };
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();
    private static readonly Option<bool> HashOption = new("--hash")
    {
        Description = "print two lines: 'market HASH', independent of the order of arrival, and 'full HASH', equal for equal input in equal order",
    };

    private static readonly Option<bool> Reevaluate = new("--reevaluate") { Description = "let today's rules decide instead of what was recorded" };

    public static Command Create()
    {
        var status = new Command("status", "List segments and snapshots") { Data, Format };
        status.SetAction(Status);
        var verify = new Command("verify", "Read all of it and say what is wrong; changes nothing") { Data, Format };
        verify.SetAction(Verify);
        var repair = new Command("repair", "Keep what can be read and say what is lost; damaged files are moved aside") { Data };
        repair.SetAction(Repair);
        var replay = new Command("replay", "Replay it and say what comes out; changes nothing") { Data, Config, HashOption, Reevaluate, Format };
        replay.SetAction(ReplayAsync);
        return new Command("journal", "Look after the journal of a data folder that no server has open") { status, verify, repair, replay };
    }

    private static int Status(ParseResult line)
    {
        var folder = FolderOf(line);
        var rows = new List<IReadOnlyList<Cell>>();
        foreach (var (kind, name) in new[] { ("segment", JournalFormat.FolderName), ("snapshot", SnapshotCatalog.FolderName) })
        {
            var inner = new DirectoryInfo(Path.Combine(folder, name));
            foreach (var file in inner.Exists ? inner.GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal) : Enumerable.Empty<FileInfo>())
            {
                rows.Add([kind, file.Name, file.Length, UnixNanos.From(new DateTimeOffset(file.LastWriteTimeUtc)).ToString()]);
            }
        }

        Write(line, ["kind", "file", "bytes", "written"], rows);
        return 0;
    }

    private static int Verify(ParseResult line)
    {
        using var data = Open(line);
        var report = JournalVerifier.Verify(data.Journal, data.SnapshotLsn);
        Write(line, ["file", "created", "first_lsn", "last_lsn", "frames", "bytes", "problems"], report.Segments.Select(s => (IReadOnlyList<Cell>)
            [s.FileName, s.CreatedAt.ToString(), (long)s.FirstLsn, (long)s.LastLsn, s.Frames, s.Bytes, (long)s.Problems.Count]));
        if (report.TornEnd is { } torn)
        {
            Console.Error.WriteLine($"{torn}; the next start cuts it off");
        }

        foreach (var problem in report.Problems)
        {
            Console.Error.WriteLine(problem);
        }

        return report.IsHealthy ? 0
            : throw new CommandFailure($"the journal is damaged, problems found: {report.Problems.Count}; 'grid journal repair' keeps what can be read, or restore a backup");
    }

    private static int Repair(ParseResult line)
    {
        using var data = Open(line);
        var report = JournalRepairer.Repair(data.Journal, data.SnapshotLsn);
        foreach (var action in report.Actions)
        {
            Console.WriteLine(action);
        }

        foreach (var loss in report.Losses)
        {
            Console.WriteLine($"lost: {loss}");
        }

        foreach (var file in report.MovedAside)
        {
            Console.WriteLine($"kept as it was: {file}");
        }

        if (report.TornEnd is { } torn)
        {
            Console.WriteLine(torn);
        }

        Console.WriteLine(report.Actions.Count == 0 ? "The journal was whole." : $"{report.FramesKept} frames of damaged segments kept, {report.Losses.Count} losses.");
        return 0;
    }

    private static async Task<int> ReplayAsync(ParseResult line, CancellationToken cancel)
    {
        var options = ServerSettings.Load(line.GetValue(Config), line.GetValue(Data), feed: null, http: null).Grid;
        var result = await JournalReplay.HashAsync(options, line.GetValue(Reevaluate), cancel);
        if (line.GetValue(HashOption))
        {
            Console.WriteLine($"market {result.Market}");
            Console.WriteLine($"full {result.Full}");
            return 0;
        }

        var outcomes = result.Outcomes;
        List<IReadOnlyList<Cell>> rows =
        [
            ["instruments", null, (long)result.Instruments],
            ["replayed after the snapshot", null, result.Events],
            ["accepted", null, outcomes.Accepted],
            ["flagged", null, outcomes.Flagged],
            ["duplicate", null, outcomes.Duplicate],
            ["rejected", null, outcomes.Rejected],
            .. outcomes.NonZero().Where(o => o.Key.Reason != RejectReason.None)
                .Select(o => (IReadOnlyList<Cell>)[o.Key.Disposition.ToString().ToLowerInvariant(), o.Key.Reason.ToString(), o.Value]),
        ];
        Write(line, ["what", "reason", "count"], rows);
        return 0;
    }

    private static void Write(ParseResult line, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows) =>
        RowWriter.Write(line.GetValue(Format) ?? RowFormat.Table, Console.Out, !Console.IsOutputRedirected, columns, rows);

    private static string FolderOf(ParseResult line) => CommandLine.DataFolder(line.GetValue(Data), JournalFormat.FolderName, "journal");

    private static LockedFolder Open(ParseResult line) => new(FolderOf(line));

    private sealed class LockedFolder : IDisposable
    {
        private readonly DataFolderLock _taken;

        public LockedFolder(string path)
        {
            var root = new DiskDirectory(path);
            _taken = DataFolderLock.Acquire(root);
            Journal = root.Subdirectory(JournalFormat.FolderName);
            SnapshotLsn = new SnapshotCatalog(root.Subdirectory(SnapshotCatalog.FolderName)).FindNewest(out _) ?? 0;
        }

        public IJournalDirectory Journal { get; }

        // Whatever a snapshot covers had been flushed, so a journal that ends before it has lost something.
        public ulong SnapshotLsn { get; }

        public void Dispose() => _taken.Dispose();
    }
}

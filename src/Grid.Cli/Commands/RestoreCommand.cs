using System.CommandLine;
using Grid.Domain.Identifiers;
using Grid.Runtime.Backup;
using Grid.Storage.Postgres;

namespace Grid.Cli.Commands;

/// <summary><c>grid restore</c>: makes a data folder, and a database, of a backup.</summary>
internal static class RestoreCommand
{
    private static readonly Argument<string> Backup = new("DIR") { Description = "the backup" };
    private static readonly Option<string> Data = new("--data") { Description = "the data folder to be made: new, or empty", HelpName = "NEW", Required = true };
    private static readonly Option<PostgresAddress?> Postgres = QueryOptions.Postgres("restore the dump into this database, which must have no schema 'grid'");
    private static readonly Option<string?> Journal = new("--journal") { Description = "a data folder that outlived, or its journal: what was written after the backup is taken from there", HelpName = "DIR" };
    private static readonly Option<UnixNanos?> Until = CommandLine.TimeOption("--until", "leave out what was received after this time");

    public static Command Create()
    {
        var restore = new Command("restore", "Make a data folder, and a database, of a backup") { Backup, Data, Postgres, Journal, Until };
        restore.SetAction(RunAsync);
        return restore;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var report = await GridRestore.RunAsync(
            new RestoreOptions
            {
                Backup = line.GetValue(Backup)!,
                DataFolder = line.GetValue(Data)!,
                Database = line.GetValue(Postgres),
                Journal = line.GetValue(Journal),
                Until = line.GetValue(Until),
            },
            cancel);
        Console.WriteLine($"data {report.DataFolder}");
        Console.WriteLine($"journal {report.FirstLsn} to {report.LastLsn}{(report.LastReceived is { } last ? $", received until {last}" : string.Empty)}");
        Console.WriteLine(report.SnapshotLsn is { } snapshot ? $"snapshot {snapshot}" : "snapshot none");
        Console.WriteLine(report.DatabaseLsn is { } database ? $"database {database}" : "database none");
        foreach (var remark in report.Remarks)
        {
            Console.Error.WriteLine(remark);
        }

        return 0;
    }
}

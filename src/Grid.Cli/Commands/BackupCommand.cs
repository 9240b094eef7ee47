using System.CommandLine;
using Grid.Cli.Settings;
using Grid.Runtime.Backup;
using Grid.Storage.Postgres;

namespace Grid.Cli.Commands;

/// <summary><c>grid backup</c> and <c>grid backup verify</c>: makes a backup of a data folder, whose server may be running, or checks one.</summary>
internal static class BackupCommand
{
    private static readonly Option<string> To = new("--to") { Description = "the folder of backups; this one becomes a folder in it", HelpName = "DIR", Required = true };
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder; 'data' unless given", HelpName = "DIR" };
    private static readonly Option<string?> Config = new("--config")
    {
        Description = "the server's configuration, which is backed up too, and says where data, keys and database are unless other options do",
        HelpName = "F",
    };

    private static readonly Option<PostgresAddress?> Postgres = QueryOptions.Postgres("also dump this database, which must be the data folder's");
    private static readonly Argument<string> Backup = new("DIR") { Description = "the backup" };

    public static Command Create()
    {
        var verify = new Command("verify", "Check a backup: every hash, every frame of the journal, the snapshot, the dump") { Backup };
        verify.SetAction(VerifyAsync);
        var backup = new Command("backup", "Back up a data folder, also of a running server on this machine, and its database") { To, Data, Config, Postgres };
        backup.SetAction(CreateAsync);
        backup.Subcommands.Add(verify);
        return backup;
    }

    private static async Task<int> CreateAsync(ParseResult line, CancellationToken cancel)
    {
        var config = line.GetValue(Config);
        var settings = ServerSettings.Load(config, line.GetValue(Data), feed: null, http: null);
        var configured = settings.Grid.Postgres is { } postgres ? PostgresAddress.Parse(postgres.ConnectionString) : null;
        var options = new BackupOptions
        {
            DataFolder = settings.Grid.DataFolder,
            Target = line.GetValue(To)!,
            KeyFile = settings.Access.KeyFile!,
            Configuration = config,
            Database = line.GetValue(Postgres) ?? configured,
        };
        return Tell(await GridBackup.CreateAsync(options, TimeProvider.System, cancel));
    }

    private static async Task<int> VerifyAsync(ParseResult line, CancellationToken cancel) => Tell(await GridBackup.VerifyAsync(line.GetValue(Backup)!, cancel));

    private static int Tell(BackupReport report)
    {
        Console.WriteLine($"backup {report.Path}");
        Console.WriteLine($"files {report.Files}, {report.Bytes:N0} bytes");
        Console.WriteLine($"journal {report.FirstLsn} to {report.LastLsn}{(report.LastReceived is null ? string.Empty : $", received {report.FirstReceived} to {report.LastReceived}")}");
        Console.WriteLine(report.SnapshotLsn is { } snapshot ? $"snapshot {snapshot}" : "snapshot none");
        Console.WriteLine(report.DatabaseLsn is { } database ? $"database {database}" : "database none");
        foreach (var remark in report.Remarks)
        {
            Console.Error.WriteLine(remark);
        }

        return 0;
    }
}

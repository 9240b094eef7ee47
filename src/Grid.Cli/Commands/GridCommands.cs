using System.CommandLine;
using Grid.Cli.Bench;

namespace Grid.Cli.Commands;

/// <summary>All commands.</summary>
internal static class GridCommands
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Grid: takes in market events, loses nothing, answers at once")
        {
            ServeCommand.Create(),
            DemoCommand.Create(),
            FeedCommand.Create(),
        };
        foreach (var query in QueryCommands.Create())
        {
            root.Subcommands.Add(query);
        }

        root.Subcommands.Add(WatchCommand.Create());
        root.Subcommands.Add(ImportCommand.Create());
        root.Subcommands.Add(KeysCommand.Create());
        root.Subcommands.Add(JournalCommand.Create());
        root.Subcommands.Add(ArchiveCommand.Create());
        root.Subcommands.Add(ParquetCommand.Create());
        root.Subcommands.Add(BackupCommand.Create());
        root.Subcommands.Add(RestoreCommand.Create());
        root.Subcommands.Add(MigrateCommand.Create());
        root.Subcommands.Add(BenchCommand.Create());
        return root;
    }
}

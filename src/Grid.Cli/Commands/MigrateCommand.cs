using System.CommandLine;
using Grid.Cli.Output;
using Grid.Domain.Identifiers;
using Grid.Storage.Postgres;

namespace Grid.Cli.Commands;

/// <summary><c>grid migrate up|down|status</c>: makes and changes the schema of a PostgreSQL database, or shows where it stands.</summary>
internal static class MigrateCommand
{
    /// <summary>Says which database, so that its password need not stand where other users of the machine can see it.</summary>
    public const string Variable = "GRID_POSTGRES";

    private static readonly Option<PostgresAddress?> Postgres = QueryOptions.Postgres("the database", $"; what the variable {Variable} says unless given");

    private static readonly Option<long> UpTo = CommandLine.NumberOption("--to", "go no further than this version; the newest unless given", 0, MigrationSet.Embedded.Newest, MigrationSet.Embedded.Newest);
    private static readonly Option<long?> DownTo = new("--to")
    {
        Description = "the version to go down to, 0 for no schema at all; one less than now unless given",
        HelpName = "N",
        CustomParser = result => CommandLine.Parse<long?>(
            result, text => long.TryParse(text, out var n) && n >= 0 && n < MigrationSet.Embedded.Newest ? n : null, $"a whole number from 0 to {MigrationSet.Embedded.Newest - 1}"),
    };

    private static readonly Option<bool> Yes = new("--yes") { Description = "do it although data is lost, which is listed without this option" };
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();

    public static Command Create()
    {
        var up = new Command("up", "Make the schema, or bring it to this program's version") { Postgres, UpTo, Yes };
        up.SetAction(UpAsync);
        var down = new Command("down", "Take migrations back, the newest first") { Postgres, DownTo, Yes };
        down.SetAction(DownAsync);
        var status = new Command("status", "List the migrations, applied or not; changes nothing") { Postgres, Format };
        status.SetAction(StatusAsync);
        foreach (var command in (Command[])[up, down, status])
        {
            command.Validators.Add(result =>
            {
                if (result.GetResult(Postgres) is null && string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)))
                {
                    result.AddError($"No database is named: give --postgres, or set the variable {Variable}.");
                }
            });
        }

        return new Command("migrate", "Make and change the schema of a PostgreSQL database") { up, down, status };
    }

    private static async Task<int> UpAsync(ParseResult line, CancellationToken cancel)
    {
        var address = AddressOf(line);
        var target = (int)line.GetValue(UpTo);
        await using var migrator = new SchemaMigrator(address);
        var status = await migrator.ReadStatusAsync(cancel);
        var ahead = MigrationSet.Embedded.All.Where(m => m.Version > status.Current && m.Version <= target);
        Confirm(line, address, [.. ahead.Where(m => m.UpLoses is not null).Select(m => $"{m} loses {m.UpLoses}")]);
        var applied = await migrator.UpAsync(target, Console.WriteLine, cancel);
        Console.WriteLine(applied == 0 ? $"nothing to do: the schema is at version {Math.Max(status.Current, target)}" : $"the schema is at version {target}");
        return 0;
    }

    private static async Task<int> DownAsync(ParseResult line, CancellationToken cancel)
    {
        var address = AddressOf(line);
        await using var migrator = new SchemaMigrator(address);
        var status = await migrator.ReadStatusAsync(cancel);
        var target = (int)(line.GetValue(DownTo) ?? Math.Max(0, status.Current - 1));
        var back = MigrationSet.Embedded.All.Where(m => m.Version <= status.Current && m.Version > target).Reverse();
        Confirm(line, address, [.. back.Where(m => m.DownLoses is not null).Select(m => $"{m} loses {m.DownLoses}")]);
        var undone = await migrator.DownAsync(target, Console.WriteLine, cancel);
        Console.WriteLine(undone == 0 ? $"nothing to do: the schema is at version {status.Current}" : $"the schema is at version {target}");
        return 0;
    }

    private static async Task<int> StatusAsync(ParseResult line, CancellationToken cancel)
    {
        await using var migrator = new SchemaMigrator(AddressOf(line));
        var status = await migrator.ReadStatusAsync(cancel);
        RowWriter.Write(
            line.GetValue(Format) ?? RowFormat.Table,
            Console.Out,
            !Console.IsOutputRedirected,
            ["version", "name", "applied", "by"],
            status.Migrations.Select(m => (IReadOnlyList<Cell>)
            [
                (long)m.Version,
                m.Name,
                m.AppliedAt is { } at ? UnixNanos.From(at).ToString() : null,
                m.AppliedAt is null ? null : m.AppliedBy,
            ]));
        return status.Problems.Count == 0 ? 0 : throw new CommandFailure(string.Join("; ", status.Problems));
    }

    // What is lost is said before anything is done, with how to keep it.
    private static void Confirm(ParseResult line, PostgresAddress address, IReadOnlyList<string> losses)
    {
        if (losses.Count == 0)
        {
            return;
        }

        foreach (var loss in losses)
        {
            Console.Error.WriteLine(loss.TrimEnd('.'));
        }

        if (!line.GetValue(Yes))
        {
            throw new CommandFailure($"data would be lost, and nothing was done; keep a backup ({address.BackupCommand}) and say --yes");
        }
    }

    private static PostgresAddress AddressOf(ParseResult line)
    {
        if (line.GetValue(Postgres) is { } given)
        {
            return given;
        }

        try
        {
            return PostgresAddress.Parse(Environment.GetEnvironmentVariable(Variable)!);
        }
        catch (ArgumentException e)
        {
            throw new CommandFailure($"the variable {Variable}: {e.Message}", e);
        }
    }
}

using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Which partition a day's rows go to, and that it is there.</summary>
internal sealed class Partitions(StatementTimer timer)
{
    private const string Schema = "grid.";

    // Ahead of a day that is met, so that nobody waits at midnight.
    private const int DaysAhead = 2;
    private static readonly DateOnly Epoch = new(1970, 1, 1);
    private static readonly int LastDay = new DateOnly(2099, 12, 31).DayNumber - Epoch.DayNumber;

    private readonly HashSet<int> _made = [];

    /// <summary>The table of a day's ticks, given in days since 1970.</summary>
    public static string TickTable(int day) => Schema + "tick_" + SuffixOf(day, "yyyyMMdd");

    /// <summary>The table of the runs of a session date, given in days since 1970.</summary>
    public static string RunTable(int day) => Schema + "run_" + SuffixOf(day, "yyyyMM");

    /// <summary>A table's name without its schema.</summary>
    public static string NameOf(string table) => table[Schema.Length..];

    /// <summary>A table's name with its schema.</summary>
    public static string TableOf(string name) => Schema + name;

    /// <summary>Makes the partitions that some days need, and a few behind each, unless they were made before.</summary>
    public async Task MakeAsync(NpgsqlConnection connection, IEnumerable<int> days, CancellationToken cancel)
    {
        foreach (var day in days.Where(d => HasOwn(d) && !_made.Contains(d)).ToList())
        {
            var last = Math.Min(day + DaysAhead, LastDay);
            await using var command = new NpgsqlCommand("SELECT grid.make_partitions($1, $2)", connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<DateOnly> { TypedValue = Epoch.AddDays(day) },
                    new NpgsqlParameter<DateOnly> { TypedValue = Epoch.AddDays(last) },
                },
            };
            await timer.RunAsync(PostgresStatement.MakePartitions, () => command.ExecuteScalarAsync(cancel)).ConfigureAwait(false);
            for (var made = day; made <= last; made++)
            {
                _made.Add(made);
            }
        }
    }

    /// <summary>The earliest of a day, the server's, and that of the newest event; null where there is no event.</summary>
    public Task<DateOnly?> TodayAsync(NpgsqlConnection connection, DateOnly today, CancellationToken cancel) => timer.RunAsync(PostgresStatement.ReadDays, async () =>
    {
        // Of each instrument the latest row has the newest event; ticks have no index by time alone.
        const string Sql = "SELECT least($1, (now() AT TIME ZONE 'UTC')::date, (max(event_time) AT TIME ZONE 'UTC')::date) FROM grid.latest HAVING count(*) > 0";
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new NpgsqlParameter<DateOnly> { TypedValue = today } } };
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        return await reader.ReadAsync(cancel).ConfigureAwait(false) ? reader.GetFieldValue<DateOnly>(0) : (DateOnly?)null;
    });

    /// <summary>Drops what is older than so many days, today included; 0 for none of a kind. Gives the names of what was dropped.</summary>
    public Task<IReadOnlyList<string>> DropAsync(
        NpgsqlConnection connection, DateOnly today, int tickDays, int runDays, int barDays, CancellationToken cancel) =>
        timer.RunAsync(PostgresStatement.DropPartitions, () => DropNowAsync(connection, today, tickDays, runDays, barDays, cancel));

    /// <summary>Asks again: somebody may have dropped some.</summary>
    public void Forget() => _made.Clear();

    private async Task<IReadOnlyList<string>> DropNowAsync(
        NpgsqlConnection connection, DateOnly today, int tickDays, int runDays, int barDays, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT grid.drop_partitions($1, $2, $3)", connection)
        {
            Parameters = { Before(tickDays), Before(runDays), Before(barDays) },
        };
        var dropped = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            dropped.Add(reader.GetString(0));
        }

        _made.Clear();
        return dropped;

        NpgsqlParameter Before(int days) => new() { Value = days == 0 ? DBNull.Value : today.AddDays(1 - days), NpgsqlDbType = NpgsqlDbType.Date };
    }

    private static string SuffixOf(int day, string format) =>
        day < 0 ? "before_1970" : day > LastDay ? "after_2099" : Epoch.AddDays(day).ToString(format, CultureInfo.InvariantCulture);

    private static bool HasOwn(int day) => day >= 0 && day <= LastDay;
}

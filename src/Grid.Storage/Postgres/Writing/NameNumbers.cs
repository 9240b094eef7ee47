using Grid.Domain.Identifiers;
using Npgsql;

namespace Grid.Storage.Postgres.Writing;

/// <summary>
/// The database's numbers of this process's names. New names are stored in a transaction of their own, before the flush that
/// needs them: a name alone harms nobody.
/// </summary>
internal sealed class NameNumbers(GridNames names, StatementTimer timer)
{
    // Names asked for at once.
    private const int AtOnce = 10_000;

    private static readonly string[] Tables = ["grid.instrument", "grid.source", "grid.venue", "grid.channel"];
    private static readonly string[] Columns = ["symbol", "name", "name", "name"];

    // _numbers[kind][index] for the first _known[kind] names; of index 0, the empty name, the number is 0.
    private readonly int[][] _numbers = [[0], [0], [0], [0]];
    private readonly int[] _known = [1, 1, 1, 1];
    private readonly Dictionary<string, int> _producers = new(StringComparer.Ordinal);

    public int Of(InstrumentId id) => _numbers[(int)NameKind.Instrument][id.Value];

    public int Of(SourceId id) => _numbers[(int)NameKind.Source][id.Value];

    public int Of(VenueId id) => _numbers[(int)NameKind.Venue][id.Value];

    public int Of(ChannelId id) => _numbers[(int)NameKind.Channel][id.Value];

    public int OfProducer(string name) => _producers[name];

    /// <summary>Finds or makes the numbers of all names that the process has met.</summary>
    public async Task LearnAsync(NpgsqlConnection connection, IEnumerable<string> producers, CancellationToken cancel)
    {
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            while (_known[(int)kind] < names[kind].Count)
            {
                await LearnSomeAsync(connection, kind, cancel).ConfigureAwait(false);
            }
        }

        var unknown = producers.Where(p => !_producers.ContainsKey(p)).Distinct(StringComparer.Ordinal).ToArray();
        if (unknown.Length > 0)
        {
            foreach (var (name, number) in await NumbersAsync(connection, "grid.producer", "name", unknown, cancel).ConfigureAwait(false))
            {
                _producers[name] = number;
            }
        }
    }

    private async Task LearnSomeAsync(NpgsqlConnection connection, NameKind kind, CancellationToken cancel)
    {
        var from = _known[(int)kind];
        var wanted = new string[Math.Min(AtOnce, names[kind].Count - from)];
        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = names[kind].Text(from + i);
        }

        var found = await NumbersAsync(connection, Tables[(int)kind], Columns[(int)kind], wanted, cancel).ConfigureAwait(false);
        var numbers = _numbers[(int)kind];
        if (numbers.Length < from + wanted.Length)
        {
            Array.Resize(ref numbers, Math.Max(numbers.Length * 2, from + wanted.Length));
        }

        for (var i = 0; i < wanted.Length; i++)
        {
            numbers[from + i] = found[wanted[i]];
        }

        _numbers[(int)kind] = numbers;
        _known[(int)kind] = from + wanted.Length;
    }

    // Asked for before they are made: what ON CONFLICT passes over would use up a number each time.
    private async Task<Dictionary<string, int>> NumbersAsync(
        NpgsqlConnection connection, string table, string column, string[] wanted, CancellationToken cancel)
    {
        var found = new Dictionary<string, int>(wanted.Length, StringComparer.Ordinal);
        await AddAsync(PostgresStatement.FindNames, $"SELECT id, {column}::text FROM {table} WHERE {column} = ANY($1)", wanted).ConfigureAwait(false);
        for (var missing = Missing(); missing.Length > 0; missing = Missing())
        {
            await AddAsync(PostgresStatement.MakeNames, $"INSERT INTO {table} ({column}) SELECT unnest($1) ON CONFLICT ({column}) DO NOTHING RETURNING id, {column}::text", missing).ConfigureAwait(false);
            await AddAsync(PostgresStatement.FindNames, $"SELECT id, {column}::text FROM {table} WHERE {column} = ANY($1)", Missing()).ConfigureAwait(false);
        }

        return found;

        // In one order, so that two who make the same names do not wait for each other.
        string[] Missing()
        {
            var missing = Array.FindAll(wanted, name => !found.ContainsKey(name));
            Array.Sort(missing, StringComparer.Ordinal);
            return missing;
        }

        Task AddAsync(PostgresStatement name, string sql, string[] some) =>
            some.Length == 0 ? Task.CompletedTask : timer.RunAsync(name, () => ReadAsync(sql, some), some.Length);

        async Task ReadAsync(string sql, string[] some)
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<string[]> { TypedValue = some } } };
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                found[reader.GetString(1)] = reader.GetInt32(0);
            }
        }
    }
}

using Grid.Domain.Identifiers;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>This process's numbers of names that a table holds under numbers of the database.</summary>
internal sealed class StoredNames(string table, NameTable names, string column = "name")
{
    private readonly Dictionary<int, int> _numbers = [];

    /// <summary>The process's number of a name.</summary>
    public int this[int id] => _numbers.TryGetValue(id, out var number) ? number : throw new GridStorageException($"{table} has no row with the id {id}, which a row refers to");

    /// <summary>Reads the names that are new.</summary>
    public async Task RefreshAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"SELECT id, {column}::text FROM {table} WHERE id <> ALL ($1)", connection)
        {
            Parameters = { CommitStatements.Of(_numbers.Keys.ToArray()) },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            var name = reader.GetString(1);
            _numbers[reader.GetInt32(0)] = name.Length == 0 ? 0 : names.GetOrAdd(name);
        }
    }
}

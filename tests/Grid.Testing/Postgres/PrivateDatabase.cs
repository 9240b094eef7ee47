using Npgsql;

namespace Grid.Testing.Postgres;

/// <summary>A database of one test on a <see cref="PrivatePostgres"/>, dropped with it.</summary>
public sealed class PrivateDatabase(PrivatePostgres server, string name) : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Name { get; } = name;

    /// <summary>The server it is on.</summary>
    public PrivatePostgres Server { get; } = server;

    /// <summary>How the superuser reaches it.</summary>
    public string ConnectionString => Server.ConnectionString(Name);

    /// <summary>How another role reaches it.</summary>
    public string ConnectionStringOf(string user, string password) => Server.ConnectionString(Name, user, password);

    /// <summary>A connection of the superuser.</summary>
    public async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Runs statements as the superuser.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row, as the superuser sees it.</summary>
    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <summary>All rows as text, columns divided by a bar; null is <c>null</c>.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "null" : $"{reader.GetValue(i)}")));
        }

        return rows;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => new(Server.DropAsync(Name));
}

using Grid.Domain.Dedup;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>What the sources of a cluster declared: each once, for all silos, in the table of sources.</summary>
public sealed class ClusterSources
{
    private const string Columns = "name::text, policy, contiguous, unknown_instrument, not_last, not_high_low, not_volume";

    // A row that is there without a declaration was made for its name alone.
    private const string DeclareSql = """
        INSERT INTO grid.source AS s (name, policy, contiguous, unknown_instrument, not_last, not_high_low, not_volume, declared)
        VALUES ($1, $2, $3, $4, $5, $6, $7, true)
        ON CONFLICT (name) DO UPDATE SET policy = excluded.policy, contiguous = excluded.contiguous, unknown_instrument = excluded.unknown_instrument,
            not_last = excluded.not_last, not_high_low = excluded.not_high_low, not_volume = excluded.not_volume, declared = true
        WHERE NOT s.declared
        """;

    private readonly NpgsqlDataSource _source;
    private readonly PostgresAddress _address;
    private readonly PostgresAttempts _attempts;

    internal ClusterSources(NpgsqlDataSource source, PostgresAddress address, PostgresAttempts attempts)
    {
        _source = source;
        _address = address;
        _attempts = attempts;
    }

    /// <summary>Declares a source, if nobody did before, and gives what is declared then.</summary>
    /// <exception cref="GridStorageException">The database refuses for good. While it only cannot be reached, this waits.</exception>
    public async Task<SourceDeclaration> DeclareAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(declaration);
        GrainKey.CheckName(declaration.Name, "name of a source");
        var found = await RunAsync(
            async connection =>
            {
                await using var declaring = new NpgsqlCommand(DeclareSql, connection)
                {
                    Parameters =
                    {
                        CommitStatements.Of(declaration.Name),
                        CommitStatements.Of(declaration.Policy.ToString().ToLowerInvariant()),
                        CommitStatements.Of(declaration.IsContiguous),
                        CommitStatements.Of(declaration.UnknownInstrument.ToString().ToLowerInvariant()),
                        CommitStatements.Of((long)declaration.NotLastConditions),
                        CommitStatements.Of((long)declaration.NotHighLowConditions),
                        CommitStatements.Of((long)declaration.NotVolumeConditions),
                    },
                };
                await declaring.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
                return await ReadAsync(connection, [declaration.Name], cancel).ConfigureAwait(false);
            },
            cancel).ConfigureAwait(false);
        return found is [var declared] ? declared : throw new GridStorageException($"source '{declaration.Name}' vanished from grid.source while it was declared");
    }

    /// <summary>What some sources declared; those that did not are left out.</summary>
    /// <exception cref="GridStorageException">The database refuses for good. While it only cannot be reached, this waits.</exception>
    public Task<IReadOnlyList<SourceDeclaration>> FindAsync(IReadOnlyCollection<string> names, CancellationToken cancel) =>
        RunAsync(connection => ReadAsync(connection, [.. names], cancel), cancel);

    private static async Task<IReadOnlyList<SourceDeclaration>> ReadAsync(NpgsqlConnection connection, string[] names, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"SELECT {Columns} FROM grid.source WHERE declared AND name = ANY ($1) ORDER BY name", connection)
        {
            Parameters = { CommitStatements.Of(names) },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        var found = new List<SourceDeclaration>();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            found.Add(new SourceDeclaration
            {
                Name = reader.GetString(0),
                Policy = Enum.Parse<DedupPolicy>(reader.GetString(1), ignoreCase: true),
                IsContiguous = reader.GetBoolean(2),
                UnknownInstrument = Enum.Parse<UnknownInstrumentAction>(reader.GetString(3), ignoreCase: true),
                NotLastConditions = (uint)reader.GetInt64(4),
                NotHighLowConditions = (uint)reader.GetInt64(5),
                NotVolumeConditions = (uint)reader.GetInt64(6),
            });
        }

        return found;
    }

    private async Task<IReadOnlyList<SourceDeclaration>> RunAsync(
        Func<NpgsqlConnection, Task<IReadOnlyList<SourceDeclaration>>> work, CancellationToken cancel)
    {
        IReadOnlyList<SourceDeclaration> found = [];
        await _attempts.RunAsync(
            async _ =>
            {
                try
                {
                    await using var connection = await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);
                    found = await work(connection).ConfigureAwait(false);
                }
                catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
                {
                    throw PostgresFailure.Of(e, _address);
                }
            },
            static e => !e.IsTransient,
            cancel).ConfigureAwait(false);
        return found;
    }
}

using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// The three roles of a schema. They are groups that nobody logs in as, and belong to the whole server: several databases
/// may have grids. What the schema has is the owner's, whoever migrates.
/// </summary>
internal static class SchemaRoles
{
    /// <summary>Migrates; what is in the schema belongs to it.</summary>
    public const string Owner = "grid_owner";

    /// <summary>What a grid writes as.</summary>
    public const string Writer = "grid_writer";

    /// <summary>What people and programs read as.</summary>
    public const string Reader = "grid_reader";

    private const string Missing = "SELECT name FROM unnest(ARRAY['grid_owner', 'grid_writer', 'grid_reader']) AS name WHERE to_regrole(name) IS NULL";

    // Whoever migrates must be able to become the owner, and the owner to make a schema here.
    private const string Needs = """
        SELECT
            pg_has_role(current_user, 'grid_owner', CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END),
            has_database_privilege('grid_owner', current_database(), 'CREATE'),
            format('GRANT grid_owner TO %I', current_user),
            format('GRANT CREATE ON DATABASE %I TO grid_owner', current_database())
        """;

    /// <summary>Makes what is missing of them, in the connection's transaction.</summary>
    /// <exception cref="GridStorageException">The user may not; the message has the statements that an administrator runs once.</exception>
    public static async Task EnsureAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        foreach (var role in await ReadMissingAsync(connection, cancel))
        {
            // Somebody who migrates another database of the server may be making it too.
            await RunAsync(
                connection,
                $"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
                $"CREATE ROLE {role} NOLOGIN",
                cancel);
        }

        bool isMember;
        bool mayCreate;
        string join;
        string grant;
        await using (var command = new NpgsqlCommand(Needs, connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            await reader.ReadAsync(cancel);
            (isMember, mayCreate, join, grant) = (reader.GetBoolean(0), reader.GetBoolean(1), reader.GetString(2), reader.GetString(3));
        }

        if (!isMember)
        {
            await RunAsync(connection, join, join, cancel);
        }

        if (!mayCreate)
        {
            await RunAsync(connection, grant, grant, cancel);

            // A grant that is not the user's to give is a warning only.
            if (!await MayCreateAsync(connection, cancel))
            {
                throw Refused(grant, null);
            }
        }
    }

    private static async Task<List<string>> ReadMissingAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(Missing, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var missing = new List<string>();
        while (await reader.ReadAsync(cancel))
        {
            missing.Add(reader.GetString(0));
        }

        return missing;
    }

    private static async Task<bool> MayCreateAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand($"SELECT has_database_privilege('{Owner}', current_database(), 'CREATE')", connection);
        return await command.ExecuteScalarAsync(cancel) is true;
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql, string shown, CancellationToken cancel)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw Refused(shown, e);
        }
    }

    private static GridStorageException Refused(string statement, Exception? cause) =>
        new($"the user may not run \"{statement}\", which a grid's database needs once; an administrator of the server runs it, "
            + $"after CREATE ROLE {Owner} NOLOGIN; CREATE ROLE {Writer} NOLOGIN; CREATE ROLE {Reader} NOLOGIN; where these are missing",
            isTransient: false,
            cause);
}

using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>What a database says of its schema, read in one transaction.</summary>
internal sealed class SchemaState
{
    /// <summary>
    /// The columns of all tables but partitions, one a line. Types and names that somebody alters by hand show in it; further
    /// tables and indexes of theirs do no harm. It does not depend on the search path, in which the schema is for a user who is called like it.
    /// </summary>
    public const string ShapeSql = """
        SELECT coalesce(string_agg(
            format('%s.%s %s%s', c.relname, a.attname,
                CASE WHEN t.typnamespace = c.relnamespace AND t.typelem = 0 THEN 'grid.' || t.typname ELSE format_type(a.atttypid, a.atttypmod) END,
                CASE WHEN a.attnotnull THEN ' not null' ELSE '' END),
            E'\n' ORDER BY c.relname COLLATE "C", a.attname COLLATE "C"), '')
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE c.relnamespace = to_regnamespace('grid') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        """;

    private const string AppliedSql = "SELECT version, name, checksum, shape, applied_at, applied_by FROM grid.schema_version ORDER BY version";

    private readonly List<Applied> _applied = [];
    private bool _isForeign;
    private string _shape = string.Empty;

    private SchemaState()
    {
    }

    /// <summary>Number of the newest migration; 0 if there is no schema.</summary>
    public int Current => _applied.Count == 0 ? 0 : _applied[^1].Version;

    /// <summary>Reads it.</summary>
    public static async Task<SchemaState> ReadAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var state = new SchemaState();
        var hasTable = await ScalarAsync(connection, "SELECT to_regclass('grid.schema_version') IS NOT NULL", cancel) is true;
        if (!hasTable)
        {
            state._isForeign = await ScalarAsync(connection, "SELECT to_regnamespace('grid') IS NOT NULL", cancel) is true;
            return state;
        }

        await using (var command = new NpgsqlCommand(AppliedSql, connection))
        await using (var reader = await command.ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
            {
                state._applied.Add(new Applied(
                    reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                    reader.GetFieldValue<DateTimeOffset>(4), reader.GetString(5)));
            }
        }

        state._shape = (string)(await ScalarAsync(connection, ShapeSql, cancel))!;
        return state;
    }

    /// <summary>Holds it against what a program knows.</summary>
    public SchemaStatus Compare(MigrationSet known)
    {
        var problems = new List<string>();
        if (_isForeign)
        {
            problems.Add("the database has a schema 'grid' without the table grid.schema_version: something else made it; use another database");
        }

        if (Current > known.Newest)
        {
            problems.Add($"the schema is at version {Current}, and this program knows versions up to {known.Newest}: use a newer grid");
        }

        for (var i = 0; i < _applied.Count; i++)
        {
            var applied = _applied[i];
            if (applied.Version != i + 1)
            {
                problems.Add($"grid.schema_version has version {applied.Version} where {i + 1} must be: somebody altered it");
                break;
            }

            if (applied.Version <= known.Newest && applied.Checksum != known[applied.Version].Checksum)
            {
                problems.Add($"version {applied.Version} ({applied.Name}) was made by another text than this program's {known[applied.Version]}: "
                    + $"checksum {applied.Checksum[..Math.Min(12, applied.Checksum.Length)]} in the database, {known[applied.Version].Checksum[..12]} here");
            }
        }

        problems.AddRange(Altered());
        return new SchemaStatus(Current, known.Newest, States(known), problems);
    }

    private IReadOnlyList<MigrationState> States(MigrationSet known) =>
        [.. _applied.Select(a => new MigrationState(a.Version, a.Name, a.AppliedAt, a.AppliedBy))
            .Concat(known.All.Where(m => m.Version > Current).Select(m => new MigrationState(m.Version, m.Name, null, string.Empty)))];

    // What the tables have now against what they had after the last migration; tables of others are not looked at.
    private IEnumerable<string> Altered()
    {
        if (_applied.Count == 0)
        {
            yield break;
        }

        var then = _applied[^1].Shape.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var now = _shape.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var tables = then.Select(TableOf).ToHashSet(StringComparer.Ordinal);
        foreach (var line in then.Except(now))
        {
            yield return $"the schema was altered: it had the column {line}, and has it no more";
        }

        foreach (var line in now.Except(then).Where(line => tables.Contains(TableOf(line))))
        {
            yield return $"the schema was altered: it has the column {line}, which no migration made";
        }
    }

    private static string TableOf(string line) => line[..line.IndexOf('.')];

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel);
    }

    private sealed record Applied(int Version, string Name, string Checksum, string Shape, DateTimeOffset AppliedAt, string AppliedBy);
}

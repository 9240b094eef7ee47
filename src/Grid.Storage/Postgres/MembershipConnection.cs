using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>How Orleans' own providers reach their tables (migration <c>0005_membership</c>) in the grid's schema.</summary>
public static class MembershipConnection
{
    /// <summary>The name by which the providers know the driver.</summary>
    public const string Invariant = "Npgsql";

    /// <summary>The connection string of a provider, which asks for its tables without naming a schema.</summary>
    public static string Of(PostgresOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new NpgsqlConnectionStringBuilder(options.Settings()) { SearchPath = "grid" }.ConnectionString;
    }
}

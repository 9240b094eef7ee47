using System.Net.Sockets;
using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>Says what went wrong with PostgreSQL in words that tell what to do.</summary>
internal static class PostgresFailure
{
    /// <summary>The failure as one of storage. Its message shows no password.</summary>
    public static GridStorageException Of(Exception cause, PostgresAddress address) => cause switch
    {
        GridStorageException known => known,
        PostgresException refusal => new GridStorageException(Explain(refusal, address), refusal.IsTransient, refusal),
        NpgsqlException { InnerException: SocketException socket } =>
            new GridStorageException($"no PostgreSQL answers at {address.Server}: {socket.Message}", isTransient: true, cause),
        NpgsqlException npgsql => new GridStorageException($"PostgreSQL at {address.Server}: {OneLine(npgsql)}", npgsql.IsTransient, npgsql),
        _ => new GridStorageException($"PostgreSQL at {address.Server}: {OneLine(cause)}", isTransient: false, cause),
    };

    private static string OneLine(Exception e) => e.InnerException is null ? e.Message : $"{e.Message}: {e.InnerException.Message}";

    private static string Explain(PostgresException e, PostgresAddress address) => e.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"PostgreSQL at {address.Server} does not let user '{address.User}' in: {e.MessageText}",
        PostgresErrorCodes.InvalidCatalogName =>
            $"there is no database '{address.Database}' at {address.Server}; make it with: createdb {address.Database}",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"user '{address.User}' may not do this in database '{address.Database}' at {address.Server}: {e.MessageText}",
        PostgresErrorCodes.LockNotAvailable =>
            $"another connection holds what is needed in database '{address.Database}' at {address.Server}: {e.MessageText}; try again",
        _ => $"PostgreSQL at {address.Server}, database '{address.Database}': {e.MessageText} ({e.SqlState})"
            + (IsTold(e.Detail) ? $"; {e.Detail}" : string.Empty),
    };

    // Details show the row that failed, so that Npgsql gives them only to who asks for them.
    private static bool IsTold(string? detail) => !string.IsNullOrEmpty(detail) && !detail.StartsWith("Detail redacted", StringComparison.Ordinal);
}

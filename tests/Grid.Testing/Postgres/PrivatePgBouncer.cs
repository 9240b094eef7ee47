using System.Diagnostics;
using Npgsql;

namespace Grid.Testing.Postgres;

/// <summary>A PgBouncer before a <see cref="PrivatePostgres"/>, in transaction mode: each transaction may be on another connection to the server.</summary>
public sealed class PrivatePgBouncer : IAsyncDisposable
{
    private const int Attempts = 20;

    // Ends PgBouncer, and removes its folder, when there are no more lines to read: when the process that started it is gone.
    private const string Guard = """
        folder=$(mktemp -d "${TMPDIR:-/tmp}/grid-pgbouncer-XXXXXX" 2>/dev/null || mktemp -d /tmp/grid-pgbouncer-XXXXXX) || exit 1
        printf '%s\n' "$2" >"$folder/pgbouncer.ini"
        printf '%s\n' "$3" >"$folder/users.txt"
        cd "$folder" || exit 1
        "$1" pgbouncer.ini 2>&1 &
        trap 'kill $! 2>/dev/null; wait; rm -rf "$folder"' EXIT
        while read -r line; do :; done
        """;

    private readonly PrivatePostgres _server;
    private readonly Process _guard;
    private readonly int _port;
    private readonly Task _log;

    private PrivatePgBouncer(PrivatePostgres server, Process guard, int port)
    {
        _server = server;
        _guard = guard;
        _port = port;

        // A pipe that nobody reads would stop it in the end.
        _log = guard.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Starts one with so many connections to the server.</summary>
    public static async Task<PrivatePgBouncer> StartAsync(PrivatePostgres server, int poolSize)
    {
        var program = PostgresPrograms.Require("pgbouncer", "pgbouncer");
        for (var attempt = 1; ; attempt++)
        {
            var port = PrivatePostgres.NextPort();
            var guard = PostgresPrograms.StartUnprivileged(
                "/bin/sh", "-c", Guard, "guard", program, Settings(server, port, poolSize), $"\"{PrivatePostgres.Superuser}\" \"{PrivatePostgres.Password}\"");
            if (await IsUpAsync(guard))
            {
                return new PrivatePgBouncer(server, guard, port);
            }

            guard.StandardInput.Close();
            await guard.WaitForExitAsync();
            guard.Dispose();
            if (attempt == Attempts)
            {
                throw new InvalidOperationException($"PgBouncer did not start in {Attempts} attempts");
            }
        }
    }

    /// <summary>How the superuser reaches a database through it.</summary>
    public string ConnectionString(PrivateDatabase database) =>
        new NpgsqlConnectionStringBuilder(_server.ConnectionString(database.Name)) { Port = _port }.ConnectionString;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        await _log;
        _guard.Dispose();
    }

    private static string Settings(PrivatePostgres server, int port, int poolSize) =>
        $"""
        [databases]
        * = host=127.0.0.1 port={server.Port}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = scram-sha-256
        auth_file = users.txt
        pool_mode = transaction
        default_pool_size = {poolSize}
        max_client_conn = 200
        """;

    private static async Task<bool> IsUpAsync(Process guard)
    {
        while (await guard.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("process up", StringComparison.Ordinal))
            {
                return true;
            }

            if (line.Contains("FATAL", StringComparison.Ordinal))
            {
                return false;
            }
        }

        return false;
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Grid.Testing.Postgres;

/// <summary>
/// A PostgreSQL server of a test's own: a new cluster in a temporary folder, on loopback. It begins when it is first asked
/// for something. One per test assembly (<c>[assembly: AssemblyFixture(typeof(PrivatePostgres))]</c>) gives each test a
/// database; a test of faults makes one for itself. A shell guards it: when this process ends, however it does, the server
/// ends and its folder is removed.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    /// <summary>The superuser.</summary>
    public const string Superuser = "tester";

    /// <summary>The superuser's password.</summary>
    public const string Password = "trial";

    // Below the ports that a system gives out by itself, so that nobody takes the port while the server is down.
    private const int PortLowest = 15_000;
    private const int PortHighest = 32_000;
    private const int PortAttempts = 50;
    private static readonly HashSet<int> GivenPorts = [];
    private static readonly Random PortChoice = new(Environment.ProcessId);

    // Makes the cluster, then obeys lines: "start PORT", "stop MODE". Ends, with everything, when there are no more lines.
    private const string Guard = """
        bin=$1 settings=$2
        folder=$(mktemp -d "${TMPDIR:-/tmp}/grid-postgres-XXXXXX" 2>/dev/null || mktemp -d /tmp/grid-postgres-XXXXXX) || exit 1
        trap 'test -f "$folder/data/postmaster.pid" && "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1; rm -rf "$folder"' EXIT
        trap '' INT TERM HUP
        printf '%s' "$4" >"$folder/password"
        "$bin/initdb" -D "$folder/data" -U "$3" --pwfile="$folder/password" -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync >"$folder/log" 2>&1 \
            || { echo "failed: $(tr '\n' ' ' <"$folder/log")"; exit 1; }
        printf '%s\n' "$settings" >>"$folder/data/postgresql.conf"
        echo "$folder"
        while read -r order argument; do
            case $order in
                start)
                    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -t 120 -w start \
                        -o "-p $argument -c unix_socket_directories=$folder" >/dev/null 2>&1 </dev/null ;;
                stop) "$bin/pg_ctl" -D "$folder/data" -m "$argument" -t 120 -w stop >/dev/null 2>&1 </dev/null ;;
            esac
            if [ $? -eq 0 ]; then echo done; else echo "failed: $(tail -n 5 "$folder/log" | tr '\n' ' ')"; fi
        done
        """;

    // Killing a server process leaves the system's page cache whole, so nothing here needs the disk.
    private const string DefaultSettings = """
        listen_addresses = '127.0.0.1'
        fsync = off
        full_page_writes = off
        shared_buffers = 64MB
        max_connections = 100
        log_min_messages = warning
        timezone = 'UTC'
        """;

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly HashSet<string> _templates = new(StringComparer.Ordinal);
    private Process? _guard;
    private string _folder = string.Empty;
    private int _created;

    /// <summary>More settings, each as a line of <c>postgresql.conf</c>. By default nothing waits for the disk.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The port; the same through all restarts.</summary>
    public int Port { get; private set; }

    /// <summary>The server's log, whole.</summary>
    public string Log => File.ReadAllText(Path.Combine(_folder, "log"));

    /// <summary>How a database is reached. Without pooling a closed connection is closed, so that the database can be dropped.</summary>
    public string ConnectionString(string database, string user = Superuser, string password = Password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = Port, Database = database, Username = user, Password = password, Pooling = false, Timeout = 30,
        }.ConnectionString;

    /// <summary>A new and empty database. It goes with the server, or when it is disposed of.</summary>
    public Task<PrivateDatabase> CreateDatabaseAsync() => CreateDatabaseAsync("template0");

    /// <summary>A new database that is a copy of one that was prepared once for this server: with the schema, say. All who use a server so prepare the same.</summary>
    /// <param name="prepare">Prepares the first; gets its connection string.</param>
    public Task<PrivateDatabase> CreateDatabaseAsync(Func<string, Task> prepare) => CreateDatabaseAsync("prepared", prepare);

    /// <summary>A new database that is a copy of one of several that were prepared once for this server.</summary>
    /// <param name="template">Name of what is prepared.</param>
    /// <param name="prepare">Prepares it; gets its connection string.</param>
    public async Task<PrivateDatabase> CreateDatabaseAsync(string template, Func<string, Task> prepare)
    {
        await EnsureStartedAsync();
        await _gate.WaitAsync();
        try
        {
            if (!_templates.Contains(template))
            {
                await CreateAsync(template, "template0");
                await prepare(ConnectionString(template));
                _templates.Add(template);
            }
        }
        finally
        {
            _gate.Release();
        }

        return await CreateDatabaseAsync(template);
    }

    /// <summary>Starts the server, or starts it again after <see cref="StopAsync"/> or <see cref="KillAsync"/>; returns when it answers.</summary>
    public async Task StartAsync()
    {
        await EnsureStartedAsync();
        await TellAsync($"start {Port}");
    }

    /// <summary>Stops the server: its clients are cut off, and what was committed is written down.</summary>
    public Task StopAsync() => TellAsync("stop fast");

    /// <summary>Starts the server anew, whether it runs, recovers or has ended by itself; returns when it answers.</summary>
    public async Task RestartAsync()
    {
        try
        {
            await TellAsync("stop immediate");
        }
        catch (InvalidOperationException)
        {
            // It had ended.
        }

        await TellAsync($"start {Port}");
    }

    /// <summary>Leaves no room for a file of the cluster, until what is given is disposed of. Connections that have the file open do not notice.</summary>
    /// <param name="path">The file's path in the cluster's folder, as <c>pg_relation_filepath</c> gives it.</param>
    public FullFile Fill(string path) => new(Path.Combine(_folder, "data", path));

    /// <summary>Ends the server and all its processes as a crash does; the next start recovers from its log.</summary>
    public async Task KillAsync()
    {
        var pid = int.Parse(File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First());
        using var postmaster = Process.GetProcessById(pid);
        postmaster.Kill(entireProcessTree: true);
        await postmaster.WaitForExitAsync();

        // Its children have its port until they have ended too.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!IsFree(Port))
        {
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Ends the server and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_guard is not null)
        {
            _guard.StandardInput.Close();
            await _guard.WaitForExitAsync();
            _guard.Dispose();
            _guard = null;
        }

        _gate.Dispose();
    }

    internal async Task DropAsync(string database)
    {
        if (_guard is not null)
        {
            await ExecuteAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        }
    }

    private async Task<PrivateDatabase> CreateDatabaseAsync(string template)
    {
        await EnsureStartedAsync();
        var name = $"test_{Interlocked.Increment(ref _created)}";
        await _gate.WaitAsync();
        try
        {
            await CreateAsync(name, template);
        }
        finally
        {
            _gate.Release();
        }

        return new PrivateDatabase(this, name);
    }

    private Task CreateAsync(string name, string template) => ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private async Task EnsureStartedAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_guard is null)
            {
                await StartGuardAsync();
                await StartOnAFreePortAsync();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task StartGuardAsync()
    {
        var bin = Path.GetDirectoryName(PostgresPrograms.Require("initdb", "postgresql"))!;
        var settings = string.Join('\n', [DefaultSettings, .. Settings]);
        _guard = PostgresPrograms.StartUnprivileged("/bin/sh", "-c", Guard, "guard", bin, settings, Superuser, Password);
        _folder = await ReadAnswerAsync();
    }

    private async Task StartOnAFreePortAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = NextPort();
            if (!IsFree(Port))
            {
                continue;
            }

            try
            {
                await TellAsync($"start {Port}");
                return;
            }
            catch (InvalidOperationException) when (attempt < PortAttempts)
            {
                // Somebody else was quicker.
            }
        }
    }

    /// <summary>A port that no other server of this process was given: one that is down for a moment finds its own free again.</summary>
    internal static int NextPort()
    {
        lock (GivenPorts)
        {
            int port;
            do
            {
                port = PortChoice.Next(PortLowest, PortHighest);
            }
            while (!GivenPorts.Add(port));
            return port;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task TellAsync(string order)
    {
        await _guard!.StandardInput.WriteLineAsync(order);
        await _guard.StandardInput.FlushAsync();
        await ReadAnswerAsync();
    }

    private async Task<string> ReadAnswerAsync()
    {
        var answer = await _guard!.StandardOutput.ReadLineAsync() ?? "failed: the guard ended";
        return answer.StartsWith("failed:", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"PostgreSQL {answer}")
            : answer;
    }
}

using System.Globalization;
using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// Where a database is and who asks, from a connection string (<c>Host=…;Username=…;Password=…;Database=…</c>) or a URI
/// (<c>postgresql://user:password@host:port/database</c>). Its text never shows a password.
/// </summary>
public sealed class PostgresAddress
{
    private const int PortDefault = 5432;
    private readonly NpgsqlConnectionStringBuilder _settings;

    private PostgresAddress(NpgsqlConnectionStringBuilder settings) => _settings = settings;

    /// <summary>The database's name.</summary>
    public string Database => _settings.Database ?? _settings.Username ?? string.Empty;

    /// <summary>Who asks.</summary>
    public string User => _settings.Username ?? Environment.UserName;

    /// <summary>Host and port.</summary>
    public string Server => $"{_settings.Host}:{_settings.Port}";

    /// <summary>What keeps the grid's schema and data in a file; for people.</summary>
    public string BackupCommand => $"pg_dump -h {_settings.Host} -p {_settings.Port} -U {User} -n grid -Fc -f grid.dump {Database}";

    /// <summary>Reads a connection string or a URI.</summary>
    /// <exception cref="ArgumentException">It is neither; the message says why and shows no password.</exception>
    public static PostgresAddress Parse(string text)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = IsUri(text) ? FromUri(text) : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new ArgumentException($"the PostgreSQL address is not well formed: {e.Message.Split('\n')[0]}; "
                + "it reads Host=…;Username=…;Password=…;Database=… or postgresql://user:password@host:port/database", e);
        }

        if (string.IsNullOrEmpty(settings.Host))
        {
            throw new ArgumentException("the PostgreSQL address names no host; it reads Host=…;Username=…;Password=…;Database=… "
                + "or postgresql://user:password@host:port/database");
        }

        return new PostgresAddress(settings);
    }

    /// <summary>User, server and database, without the password.</summary>
    public override string ToString() => $"{User}@{Server}/{Database}";

    /// <summary>The settings, for connections that say who they are and of which PgBouncer may give each transaction another.</summary>
    internal NpgsqlConnectionStringBuilder Settings(string applicationName) => new(_settings.ConnectionString)
    {
        ApplicationName = string.IsNullOrEmpty(_settings.ApplicationName) ? applicationName : _settings.ApplicationName,
        NoResetOnClose = true,
    };

    /// <summary>The settings as the variables that PostgreSQL's own programs read.</summary>
    internal void PutInto(IDictionary<string, string?> environment)
    {
        // These would win over the host, or bring settings of their own.
        foreach (var variable in (string[])["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE"])
        {
            environment.Remove(variable);
        }

        environment["PGHOST"] = _settings.Host;
        environment["PGPORT"] = _settings.Port.ToString(CultureInfo.InvariantCulture);
        environment["PGUSER"] = User;
        environment["PGDATABASE"] = Database;
        environment["PGAPPNAME"] = "grid backup";
        environment["PGCONNECT_TIMEOUT"] = _settings.Timeout.ToString(CultureInfo.InvariantCulture);
        environment["PGSSLMODE"] = _settings.SslMode switch
        {
            SslMode.VerifyCA => "verify-ca",
            SslMode.VerifyFull => "verify-full",
            var mode => mode.ToString().ToLowerInvariant(),
        };
        foreach (var (variable, value) in (IEnumerable<(string, string?)>)
            [
                ("PGPASSWORD", _settings.Password), ("PGPASSFILE", _settings.Passfile), ("PGSSLROOTCERT", _settings.RootCertificate),
                ("PGSSLCERT", _settings.SslCertificate), ("PGSSLKEY", _settings.SslKey),
            ])
        {
            if (!string.IsNullOrEmpty(value))
            {
                environment[variable] = value;
            }
        }
    }

    private static bool IsUri(string text) =>
        text.StartsWith("postgresql://", StringComparison.Ordinal) || text.StartsWith("postgres://", StringComparison.Ordinal);

    private static NpgsqlConnectionStringBuilder FromUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            throw new FormatException("the URI cannot be read");
        }

        var user = uri.UserInfo.Split(':', 2);
        var settings = new NpgsqlConnectionStringBuilder { Host = uri.Host.Trim('[', ']'), Port = uri.Port < 0 ? PortDefault : uri.Port };
        if (user[0].Length > 0)
        {
            settings.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length > 1)
        {
            settings.Password = Uri.UnescapeDataString(user[1]);
        }

        if (uri.AbsolutePath.Length > 1)
        {
            settings.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var (name, value) = (Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : string.Empty);

            // What libpq writes "verify-full" is one word here.
            settings[SettingOf(name)] = name == "sslmode" ? value.Replace("-", string.Empty, StringComparison.Ordinal) : value;
        }

        return settings;
    }

    // What the URIs of libpq call otherwise.
    private static string SettingOf(string name) => name switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "sslcert" => "SSL Certificate",
        "sslkey" => "SSL Key",
        "application_name" => "Application Name",
        "connect_timeout" => "Timeout",
        _ => name,
    };
}

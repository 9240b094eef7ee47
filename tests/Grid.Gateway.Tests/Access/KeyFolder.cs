using Grid.Gateway.Access;
using Grid.Testing;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Tests.Access;

/// <summary>A key file of a test's own, a clock, and a gatekeeper over both.</summary>
internal sealed class KeyFolder : IDisposable
{
    private readonly TempFolder _folder = new();
    private Gatekeeper? _gatekeeper;

    public ManualTime Time { get; } = new();

    public RecordedLog Log { get; } = new();

    public string File => _folder.File(KeyFile.Name);

    public string Folder => _folder.Path;

    /// <summary>Reads the file at its first use.</summary>
    public Gatekeeper Gatekeeper => _gatekeeper ??= Gatekeeper.Start(new AccessOptions { KeyFile = File, FailuresPerMinuteMax = 20 }, Time, Log);

    /// <summary>Makes a key; the file is looked at again when the clock moves.</summary>
    public async Task<ApiKey> AddAsync(AccessRole role, Func<KeyRecord, KeyRecord>? change = null)
    {
        var key = ApiKey.Create();
        var record = new KeyRecord
        {
            Id = key.Id,
            Hash = KeyRecord.HashText(key),
            Role = role,
            Sources = role == AccessRole.Feed ? ["S*"] : [],
            Created = Time.GetUtcNow(),
        };
        await ChangeAsync(keys => [.. keys, change?.Invoke(record) ?? record]);
        return key;
    }

    public Task RevokeAsync(ApiKey key) =>
        ChangeAsync(keys => [.. keys.Select(k => k.Id == key.Id ? k with { Revoked = Time.GetUtcNow() } : k)]);

    public Task ChangeAsync(Func<IReadOnlyList<KeyRecord>, IReadOnlyList<KeyRecord>> change) => KeyFile.ChangeAsync(File, change, TimeProvider.System);

    /// <summary>Lets the time pass after which a change is seen.</summary>
    public void Pass() => Time.Advance(TimeSpan.FromSeconds(1));

    public void Dispose()
    {
        _gatekeeper?.Dispose();
        _folder.Dispose();
    }
}

/// <summary>Everything that was logged, with the scopes it was logged in.</summary>
internal sealed class RecordedLog : ILoggerFactory
{
    private readonly List<string> _lines = [];
    private readonly AsyncLocal<string?> _scope = new();

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Recorder(this, categoryName);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private sealed class Recorder(RecordedLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            log._scope.Value = state is IEnumerable<KeyValuePair<string, object>> pairs ? string.Join(',', pairs.Select(p => $"{p.Key}={p.Value}")) : $"{state}";
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (log._lines)
            {
                log._lines.Add($"{category} [{log._scope.Value}] {logLevel}: {formatter(state, exception)} {exception}");
            }
        }
    }
}

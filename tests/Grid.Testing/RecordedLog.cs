using Microsoft.Extensions.Logging;

namespace Grid.Testing;

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

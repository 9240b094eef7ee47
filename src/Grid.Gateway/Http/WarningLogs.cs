using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Http;

/// <summary>The web server's view of the logs: warnings and worse. What it says of every request would cost more than the request.</summary>
internal sealed class WarningLogs(ILoggerFactory logs) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new WarningLog(logs.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("providers are added to the logs of the process");

    // The logs belong to the process.
    public void Dispose()
    {
    }

    private sealed class WarningLog(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}

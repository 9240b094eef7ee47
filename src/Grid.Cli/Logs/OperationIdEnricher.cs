using Serilog.Core;
using Serilog.Events;

namespace Grid.Cli.Logs;

/// <summary>
/// Gives each line an OperationId: the one of the scope it was written in, else the identity of the HTTP request or of the
/// connection, else that of the whole command.
/// </summary>
internal sealed class OperationIdEnricher(string operation) : ILogEventEnricher
{
    /// <summary>The property's name.</summary>
    public const string PropertyName = "OperationId";

    private static readonly string[] Narrower = ["RequestId", "ConnectionId"];

    private readonly LogEventProperty _ofCommand = new(PropertyName, new ScalarValue(operation));

    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        foreach (var name in Narrower)
        {
            if (logEvent.Properties.TryGetValue(name, out var value))
            {
                logEvent.AddPropertyIfAbsent(new LogEventProperty(PropertyName, value));
            }
        }

        logEvent.AddPropertyIfAbsent(_ofCommand);
    }
}

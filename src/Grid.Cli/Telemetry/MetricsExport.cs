using System.Text;
using Grid.Runtime.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Grid.Cli.Telemetry;

/// <summary>
/// Gives out what the engine, the web server and the runtime measure: as Prometheus text at <c>/metrics</c>, and to an
/// OpenTelemetry collector if one is configured.
/// </summary>
internal sealed class MetricsExport : IDisposable
{
    private static readonly string[] Meters = ["Grid", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    // In Prometheus a name that ends with "count" belongs to a histogram.
    private static readonly string[] LeftOut = ["dotnet.assembly.count", "dotnet.process.cpu.count", "dotnet.timer.count"];

    private readonly MeterProvider _provider;

    private MetricsExport(MeterProvider provider) => _provider = provider;

    public static MetricsExport Start(OtlpOptions options)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(resource => resource.AddService("grid", serviceVersion: typeof(MetricsExport).Assembly.GetName().Version!.ToString(3)))
            .AddMeter(Meters)
            .AddPrometheusExporter();
        foreach (var name in LeftOut)
        {
            builder.AddView(name, MetricStreamConfiguration.Drop);
        }

        if (options.Collector is { } collector)
        {
            builder.AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = options.Protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = exporter.Protocol == OtlpExportProtocol.HttpProtobuf && collector.AbsolutePath == "/" ? new Uri(collector, "/v1/metrics") : collector;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = (int)options.Interval.TotalMilliseconds;
            });
        }

        return new MetricsExport(builder.Build());
    }

    /// <summary>Answers <c>/metrics</c>.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="statements">What statements take, which is told before the rest.</param>
    public void Map(IEndpointRouteBuilder routes, Func<IReadOnlyList<StatementFigures>> statements) => routes.MapPrometheusScrapingEndpoint(
        "/metrics", _provider, branch => branch.Use(next => context => AnswerAsync(next, context, statements)), optionsName: null);

    /// <summary>Sends what was not sent yet and stops.</summary>
    public void Dispose() => _provider.Dispose();

    // Before it, as what comes behind the end mark of OpenMetrics is an error. The exporter's text is held until it is known to be one.
    private static async Task AnswerAsync(RequestDelegate next, HttpContext context, Func<IReadOnlyList<StatementFigures>> statements)
    {
        var response = context.Response;
        var body = response.Body;
        using var held = new MemoryStream();
        response.Body = held;
        try
        {
            await next(context);
        }
        finally
        {
            response.Body = body;
        }

        response.ContentLength = null;
        if (response.StatusCode == StatusCodes.Status200OK && held.Length > 0)
        {
            await body.WriteAsync(Encoding.ASCII.GetBytes(StatementSummaries.Write(statements())), context.RequestAborted);
        }

        held.Position = 0;
        await held.CopyToAsync(body, context.RequestAborted);
    }
}

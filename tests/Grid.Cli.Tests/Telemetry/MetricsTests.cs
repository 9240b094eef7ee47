using System.Diagnostics;
using System.Text;
using Grid.Cli.Tests.Commands;
using Grid.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Grid.Cli.Tests.Telemetry;

/// <summary>What a served grid tells Prometheus and an OpenTelemetry collector.</summary>
public sealed class MetricsTests : IDisposable
{
    private static readonly HttpClient Http = new();

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Metrics_say_what_the_engine_did_and_promtool_finds_nothing_to_mend()
    {
        using var server = GridProcess.Start("serve", "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        await FeedAsync(await server.ReadLineAsync("feed "));
        await Http.GetStringAsync($"{http}/v1/latest/IBM", Cancel);

        var text = await Http.GetStringAsync($"{http}/metrics", Cancel);

        Assert.Matches("(?m)^grid_events_received_total(\\{[^}]*\\})? 3( |$)", text);
        Assert.Matches("(?m)^grid_outcomes_total\\{[^}]*disposition=\"rejected\",reason=\"PriceNotPositive\"[^}]*\\} 1( |$)", text);
        Assert.Matches("(?m)^grid_batches_limit(\\{[^}]*\\})? 64( |$)", text);
        Assert.Matches("(?m)^grid_batch_acknowledged_duration_seconds_count(\\{[^}]*\\})? 1( |$)", text);
        Assert.Matches("(?m)^grid_batch_visible_duration_seconds_bucket\\{[^}]*le=\"0.001\"", text);
        Assert.Matches("(?m)^grid_journal_flush_duration_seconds_sum", text);
        Assert.Matches("(?m)^grid_journal_written_bytes_total", text);
        Assert.Matches("(?m)^http_server_request_duration_seconds_count\\{[^}]*http_response_status_code=\"200\",http_route=\"/v1/latest/\\{\\*\\*symbol\\}\"", text);
        Assert.Matches("(?m)^dotnet_process_cpu_time_seconds_total\\{", text);
        Assert.Matches("(?m)^dotnet_gc_collections_total\\{", text);
        await CheckWithPromtoolAsync(text);
    }

    [Fact]
    public async Task Statements_that_are_sent_to_PostgreSQL_are_summaries_beside_the_other_metrics()
    {
        await using var postgres = new PrivatePostgres();
        await using var database = await postgres.CreateDatabaseAsync();
        var config = _folder.Write("grid.json", $$"""{ "Postgres": { "ConnectionString": "{{database.ConnectionString}}", "Migrate": true, "SlowStatement": "00:00:00" } }""");
        using var server = GridProcess.Start("serve", "--config", config, "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");
        var http = await server.ReadLineAsync("http ");
        await FeedAsync(await server.ReadLineAsync("feed "), "--ack", "committed");

        var text = await Http.GetStringAsync($"{http}/metrics", Cancel);

        Assert.Matches("(?m)^grid_postgres_statement_seconds\\{statement=\"copy_ticks\",quantile=\"0.99\"\\} 0\\.\\d+$", text);
        Assert.Matches("(?m)^grid_postgres_statement_seconds_count\\{statement=\"copy_ticks\"\\} 1$", text);
        Assert.Matches("(?m)^grid_postgres_statement_seconds_sum\\{statement=\"commit\"\\} 0\\.\\d+$", text);
        Assert.Matches("(?m)^grid_postgres_committed", text);
        await CheckWithPromtoolAsync(text);

        // OpenMetrics ends with a mark behind which nothing may come.
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{http}/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text;version=1.0.0");
        using var answer = await Http.SendAsync(request, Cancel);
        Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
        text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.StartsWith("# TYPE grid_postgres_statement_seconds summary\n", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);

        var status = await Http.GetStringAsync($"{http}/v1/status", Cancel);
        Assert.Matches("\"slowest\":\\[\\{\"statement\":\"[a-z_]+\",\"count\":\\d+,\"p50\":", status);
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
    }

    [Fact]
    public async Task A_configured_collector_is_sent_the_metrics()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        var sent = new TaskCompletionSource<(string Path, byte[] Body)>(TaskCreationOptions.RunContinuationsAsynchronously);
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Cancel);
            sent.TrySetResult((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector.StartAsync(Cancel);
        var config = _folder.Write("grid.json", $$"""{ "Otlp": { "Endpoint": "{{collector.Urls.First()}}", "Protocol": "http", "Interval": "00:00:01" } }""");

        using var server = GridProcess.Start("serve", "--config", config, "--data", _folder.File("data"), "--feed", "127.0.0.1:0", "--http", "127.0.0.1:0");

        var (path, body) = await sent.Task.WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.Equal("/v1/metrics", path);
        Assert.Contains("grid.events.received", Encoding.Latin1.GetString(body), StringComparison.Ordinal);
        Assert.Equal(0, (await server.TerminateAsync()).ExitCode);
    }

    private async Task FeedAsync(string feed, params string[] options)
    {
        var csv = _folder.Write("a.csv", "kind,time,instrument,channel,sequence,price,size,bid,ask\n"
            + "trade,2024-05-01T13:30:00Z,IBM,c,1,181.5,10,,\n"
            + "trade,2024-05-01T13:30:01Z,IBM,c,2,181.6,10,,\n"
            + "trade,2024-05-01T13:30:02Z,IBM,c,3,-1,10,,\n");
        Assert.Equal(0, (await GridProcess.RunAsync(["feed", "csv", csv, "--to", feed, .. options])).ExitCode);
    }

    private static async Task CheckWithPromtoolAsync(string text)
    {
        Process promtool;
        try
        {
            promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            const string Missing = "there is no promtool: install the package 'prometheus'";
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", Missing);
            throw new InvalidOperationException(Missing, e);
        }

        using (promtool)
        {
            await promtool.StandardInput.WriteAsync(text.AsMemory(), Cancel);
            promtool.StandardInput.Close();
            var said = await promtool.StandardOutput.ReadToEndAsync(Cancel) + await promtool.StandardError.ReadToEndAsync(Cancel);
            await promtool.WaitForExitAsync(Cancel);
            Assert.Equal((0, string.Empty), (promtool.ExitCode, said));
        }
    }
}

using System.Text.Json;
using Grid.Domain.Validation;
using Grid.Runtime;
using Grid.Runtime.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Http;

/// <summary>What operators ask: status, quarantine, gaps, sources, health.</summary>
internal static class OperationsEndpoints
{
    private const int RowsByDefault = 1000;

    private static readonly string[] QuarantineColumns =
    [
        "id", "instrument", "producer", "journal_frame", "time", "kind", "source", "channel", "session", "sequence", "venue", "conditions",
        "price", "size", "bid", "bid_size", "ask", "ask_size", "amends", "outcome", "reason", "received",
    ];

    public static void Map(IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options)
    {
        routes.MapGet("/v1/status", context => StatusAsync(context, grid));
        routes.MapGet("/v1/quarantine", context => QuarantineAsync(context, grid, options));
        routes.MapGet("/v1/gaps", context => GapsAsync(context, grid, options));
        routes.MapGet("/v1/sources", context => SourcesAsync(context, grid));
        routes.MapGet("/health/live", static context => HealthAsync(context, "live", []));
        routes.MapGet("/health/ready", context => HealthAsync(context, "ready", grid.FindTroubles()));
    }

    private static async Task StatusAsync(HttpContext context, IGrid grid)
    {
        var status = grid.GetStatus();
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("started", status.StartedAt);
            json.WriteNumber("events_received", status.EventsReceived);
            json.WriteNumber("batches_received", status.BatchesReceived);
            json.WriteNumber("batches_queued", status.QueuedBatches);
            json.WriteNumber("batches_queued_max", status.QueuedBatchesMax);
            json.WriteNumber("instruments", status.Instruments);
            json.WriteNumber("feeds", status.Feeds);
            json.WriteNumber("open_gaps", status.OpenGaps);
            json.WriteNumber("quarantined", status.Quarantined);
            json.WriteNumber("journal_frame", status.JournalLastLsn);
            json.WriteNumber("journal_frame_flushed", status.JournalFlushedLsn);
            json.WriteNumber("journal_bytes", status.JournalBytes);
            json.WriteNumber("journal_flushes", status.JournalFlushes);
            json.WriteNumber("snapshot_frame", status.SnapshotLsn);
            if (status.SnapshotAge is { } age)
            {
                json.WriteNumber("snapshot_age_s", Math.Round(age.TotalSeconds, 1));
            }
            else
            {
                json.WriteNull("snapshot_age_s");
            }

            json.WriteNumber("snapshots_failed", status.SnapshotsFailed);
            json.WriteNumber("hot_store_bytes", status.HotStoreBytes);
            json.WriteNumber("allocated_bytes", GC.GetTotalAllocatedBytes());
            json.WriteStartObject("latency_ms");
            WriteLatency(json, "visible", status.Visible);
            WriteLatency(json, "acknowledged", status.Acknowledged);
            WriteLatency(json, "flush", status.Flush);
            json.WriteEndObject();
            WriteOutcomes(json, status.Outcomes);
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    // Of the last minute.
    private static void WriteLatency(Utf8JsonWriter json, string name, LatencySummary latency)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", latency.Count);
        json.WriteNumber("p50", Math.Round(latency.P50Ms, 4));
        json.WriteNumber("p95", Math.Round(latency.P95Ms, 4));
        json.WriteNumber("p99", Math.Round(latency.P99Ms, 4));
        json.WriteNumber("max", Math.Round(latency.MaxMs, 4));
        json.WriteEndObject();
    }

    private static void WriteOutcomes(Utf8JsonWriter json, OutcomeCounts outcomes)
    {
        json.WriteStartObject("outcomes");
        json.WriteNumber("accepted", outcomes.Accepted);
        json.WriteNumber("flagged", outcomes.Flagged);
        json.WriteNumber("duplicate", outcomes.Duplicate);
        json.WriteNumber("rejected", outcomes.Rejected);
        json.WriteStartArray("reasons");
        foreach (var (outcome, count) in outcomes.NonZero())
        {
            if (outcome.Reason != RejectReason.None)
            {
                json.WriteStartObject();
                json.WriteString("outcome", outcome.Disposition.ToString().ToLowerInvariant());
                json.WriteString("reason", outcome.Reason.ToString());
                json.WriteNumber("count", count);
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task QuarantineAsync(HttpContext context, IGrid grid, GatewayOptions options)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var events = await grid.GetQuarantineAsync(
            arguments.Number("after"), arguments.Limit(RowsByDefault, options.RowsMax), context.RequestAborted).ConfigureAwait(false);
        using var body = new RowBody(context, format, QuarantineColumns);
        foreach (var held in events)
        {
            var e = EventCells.Of(new Tick(held.Event, held.Outcome), grid.Names);
            await body.AddAsync([held.Id, grid.Names.Symbol(held.Event.Instrument), held.Producer, held.Lsn, .. e]).ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static async Task GapsAsync(HttpContext context, IGrid grid, GatewayOptions options)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var gaps = await grid.GetGapsAsync(arguments.Limit(RowsByDefault, options.RowsMax), context.RequestAborted).ConfigureAwait(false);
        using var body = new RowBody(context, format, "source", "channel", "session", "first_missing", "last_missing");
        foreach (var gap in gaps)
        {
            await body.AddAsync(
                grid.Names.Sources.Text(gap.Source.Value), grid.Names.Channels.Text((int)gap.Channel.Value), (long)gap.Session, gap.FirstMissing, gap.LastMissing).ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static async Task SourcesAsync(HttpContext context, IGrid grid)
    {
        var format = new QueryArguments(context).Format();
        using var body = new RowBody(
            context, format, "name", "policy", "contiguous", "unknown_instrument", "not_last_conditions", "not_high_low_conditions", "not_volume_conditions");
        foreach (var source in await grid.GetSourcesAsync(context.RequestAborted).ConfigureAwait(false))
        {
            await body.AddAsync(
                source.Name,
                source.Policy.ToString().ToLowerInvariant(),
                source.IsContiguous,
                source.UnknownInstrument.ToString().ToLowerInvariant(),
                (long)source.NotLastConditions,
                (long)source.NotHighLowConditions,
                (long)source.NotVolumeConditions).ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    // An answer from this very moment: whoever keeps one between here and the caller would lie.
    private static async Task HealthAsync(HttpContext context, string what, IReadOnlyList<string> troubles)
    {
        context.Response.StatusCode = troubles.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("status", troubles.Count == 0 ? what : "not " + what);
            json.WriteStartArray("reasons");
            foreach (var trouble in troubles)
            {
                json.WriteStringValue(trouble);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}

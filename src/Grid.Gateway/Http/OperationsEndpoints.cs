using System.Buffers.Binary;
using System.Text.Json;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Validation;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Grid.Runtime.Metrics;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>What operators ask: status, quarantine, gaps, sources, health.</summary>
internal sealed class OperationsEndpoints(IGrid grid, GatewayOptions options)
{
    private const int RowsByDefault = 1000;

    private static readonly ApiArgument After = new("after", """{"type":"integer","minimum":0}""", "0", "Only events with a greater id. Not with a cursor.");

    private static readonly RowShape Quarantined = new(
    [
        Column.Number("id", "17", "Grows with time."),
        Column.Text("instrument", "AAPL", "What the event is about."),
        Column.Text("producer", "sip-feed", "Who sent it."),
        Column.Number("journal_frame", "4242", "The journal frame that holds it."),
        .. EventCells.Columns,
    ]);

    private static readonly RowShape Gaps = new(
        Column.Text("source", "sip", "The feed."),
        Column.Text("channel", "A", "Its channel; empty if it has none."),
        Column.Number("session", "20131007", "Its session."),
        Column.Number("first_missing", "100", "The first number that is missing."),
        Column.Number("last_missing", "104", "The last number that is missing."));

    private static readonly RowShape Sources = new(
        Column.Text("name", "sip", "The source."),
        Column.Text("policy", "sequence", "How its duplicates are told: sequence, batch, content or none."),
        Column.Flag("contiguous", "True if it numbers without holes, so that gaps are told."),
        Column.Text("unknown_instrument", "accept", "What becomes of events of an instrument without definition: accept, flag or reject."),
        Column.Number("not_last_conditions", "0", "Condition bits of prints that do not count for last."),
        Column.Number("not_high_low_conditions", "0", "Condition bits of prints that do not count for high and low."),
        Column.Number("not_volume_conditions", "0", "Condition bits of prints that do not count for volume."));

    private static readonly RowShape Reasons = new(
        Column.Text("outcome", "flagged", "What was decided."),
        Column.Text("reason", "PriceBand", "Why."),
        Column.Number("count", "12", "How many events."));

    private static readonly RowShape Outcomes = new(
        Column.Number("accepted", "79463", "Events applied."),
        Column.Number("flagged", "12", "Events applied and marked."),
        Column.Number("duplicate", "401", "Events seen before."),
        Column.Number("rejected", "0", "Events in quarantine."),
        Column.List("reasons", Reasons, "How many for each reason."));

    private static readonly RowShape Latency = new(
        Column.Number("count", "738", "How many were measured."),
        Column.Real("p50", "0.21", "The median."),
        Column.Real("p95", "0.44", "95 % are no longer."),
        Column.Real("p99", "0.71", "99 % are no longer."),
        Column.Real("max", "3.2", "The longest."));

    private static readonly RowShape Latencies = new(
        Column.Object("visible", Latency, "Until queries show a batch."),
        Column.Object("acknowledged", Latency, "Until it is acknowledged."),
        Column.Object("flush", Latency, "Of the flushes themselves."));

    private static readonly RowShape Postgres = new(
        Column.Text("circuit", "closed", "closed while it is written to, open while it is left alone after failures, halfopen while it is tried again."),
        Column.Number("committed_frame", "1498", "The last input frame of the journal that is in it."),
        Column.Number("lag_frames", "2", "Journal frames on the disk and not in it."),
        Column.Number("lag_bytes", "4096", "Bytes of the journal that are not in it."),
        Column.Number("lag_bytes_max", "21474836480", "Bytes that may be owed to it; then feeds wait."),
        Column.Real("lag_s", "0.2", "Age in seconds of the oldest batch that is not in it."),
        Column.Number("flushes", "512", "Transactions committed since the start."),
        Column.Number("rows", "79463", "Ticks, runs and quarantined events written since the start."),
        Column.Number("rows_refused", "0", "Rows that it refused; they are in its quarantine."),
        Column.Number("failures", "0", "Attempts that failed since the start."),
        Column.List("slowest", StatementRows.Shape, "The statements with the longest 99 % in the last minute, five at most; /metrics has all."),
        Column.Text("error", "no PostgreSQL answers at 127.0.0.1:5432", "What the last attempt met; null if it succeeded.").OrNull());

    private static readonly RowShape Archive = new(
        Column.Number("through_frame", "1498", "The last input frame of the journal that is archived with all before it."),
        Column.Number("lag_frames", "2", "Journal frames on the disk and not archived."),
        Column.Number("rows", "79463", "Rows of the archive."),
        Column.Number("bytes", "317852", "Bytes of its files."),
        Column.Number("files", "12", "Its files."),
        Column.Number("failures", "0", "Publications that failed since the start."),
        Column.Text("error", "cannot publish in 'data/archive': no space left on device", "What the last try met; null if it succeeded.").OrNull());

    private static readonly RowShape Health = new(
        Column.Text("status", "ready", "live or ready, else what is not."),
        Column.Texts("reasons", "the grid is stopping", "Why not; empty if all is well."));

    private static readonly RowShape Status = new(
        Column.Text("started", "2024-03-01T09:00:00+00:00", "When the process started."),
        Column.Number("events_received", "79864", "Events taken in since then."),
        Column.Number("batches_received", "80", "Batches taken in since then."),
        Column.Number("batches_queued", "0", "Batches taken in and not yet applied."),
        Column.Number("batches_queued_max", "64", "Batches that may be taken in and not yet applied; then feeds wait."),
        Column.Number("instruments", "500", "Instruments with state."),
        Column.Number("feeds", "1", "Feeds that are open."),
        Column.Number("open_gaps", "0", "Open gaps."),
        Column.Number("quarantined", "0", "Rejected events that can be listed."),
        Column.Number("journal_frame", "1500", "Highest journal frame written."),
        Column.Number("journal_frame_flushed", "1500", "Highest journal frame on the disk."),
        Column.Number("journal_bytes", "1689728", "Bytes written to the journal since the start."),
        Column.Number("journal_flushes", "738", "Flushes of the journal since the start."),
        Column.Number("snapshot_frame", "1200", "The journal frame that the newest snapshot covers; 0 without one."),
        Column.Real("snapshot_age_s", "12.5", "Seconds since the newest snapshot; null without one.").OrNull(),
        Column.Number("snapshots_failed", "0", "Snapshots that could not be taken since the start."),
        Column.Number("hot_store_bytes", "67108864", "Bytes of recent ticks and bars on the disk."),
        Column.Number("allocated_bytes", "52428800", "Bytes of memory allocated since the start."),
        Column.Object("postgres", Postgres, "How it stands with PostgreSQL; null where there is none.").OrNull(),
        Column.Object("archive", Archive, "How it stands with the archive; null where there is none.").OrNull(),
        Column.Object("latency_ms", Latencies, "Milliseconds since the receipt of batches of the last minute."),
        Column.Object("outcomes", Outcomes, "What was decided since the data folder was made."));

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/status", "Counters and positions", StatusAsync) { Answer = ApiAnswer.Object(Status) },
        new("GET", "/v1/quarantine", "Rejected events, whole, with the reason", QuarantineAsync)
        {
            Description = "Oldest first. The newest of them are listed here; older ones are in the journal as long as that reaches back.",
            Arguments = [After, ApiArgument.Limit, ApiArgument.Format, ApiArgument.Cursor],
            Answer = ApiAnswer.Rows(Quarantined),
            Headers = [ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.BadArgument],
        },
        new("GET", "/v1/gaps", "Sequence numbers that sources left out", GapsAsync)
        {
            Description = "Open gaps of sources that declared to number without holes, in the order of source, channel, session and number. Late arrival closes a gap. "
                + "Over all pages no number comes twice, also while gaps open and close.",
            Arguments = [ApiArgument.Limit, ApiArgument.Format, ApiArgument.Cursor],
            Answer = ApiAnswer.Rows(Gaps),
            Headers = [ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.BadArgument],
        },
        new("GET", "/v1/sources", "The sources and what they declared", SourcesAsync)
        {
            Arguments = [ApiArgument.Format],
            Answer = ApiAnswer.Rows(Sources),
            Errors = [GridErrorCode.BadArgument],
        },
        new("GET", "/health/live", "Whether the process answers", static context => HealthAsync(context, "live", [])) { Answer = ApiAnswer.Object(Health) },
        new("GET", "/health/ready", "Whether events are taken in and made durable", context => HealthAsync(context, "ready", grid.FindTroubles()))
        {
            Description = "503 with the reasons if the grid stopped or is stopping, queues or flushes are stuck, or the disk has no room.",
            Answer = ApiAnswer.Object(Health),
            MayBeUnavailable = true,
        },
    ];

    private async Task StatusAsync(HttpContext context)
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
            WritePostgres(json, status);
            WriteArchive(json, status.Archive);
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

    private static void WritePostgres(Utf8JsonWriter json, GridStatus status)
    {
        if (status.Postgres is not { } postgres)
        {
            json.WriteNull("postgres");
            return;
        }

        json.WriteStartObject("postgres");
        json.WriteString("circuit", postgres.Circuit.ToString().ToLowerInvariant());
        json.WriteNumber("committed_frame", postgres.CommittedFrame);
        json.WriteNumber("lag_frames", postgres.LagFrames);
        json.WriteNumber("lag_bytes", postgres.LagBytes);
        json.WriteNumber("lag_bytes_max", postgres.LagBytesMax);
        json.WriteNumber("lag_s", Math.Round(postgres.Lag.TotalSeconds, 3));
        json.WriteNumber("flushes", postgres.Flushes);
        json.WriteNumber("rows", postgres.Rows);
        json.WriteNumber("rows_refused", postgres.RowsRefused);
        json.WriteNumber("failures", postgres.Failures);
        StatementRows.Write(json, "slowest", status.PostgresStatements);
        json.WriteString("error", postgres.Ended ?? postgres.LastError);
        json.WriteEndObject();
    }

    private static void WriteArchive(Utf8JsonWriter json, ArchiveStatus? archive)
    {
        if (archive is null)
        {
            json.WriteNull("archive");
            return;
        }

        json.WriteStartObject("archive");
        json.WriteNumber("through_frame", archive.ThroughFrame);
        json.WriteNumber("lag_frames", archive.LagFrames);
        json.WriteNumber("rows", archive.Rows);
        json.WriteNumber("bytes", archive.Bytes);
        json.WriteNumber("files", archive.Files);
        json.WriteNumber("failures", archive.Failures);
        json.WriteString("error", archive.Ended ?? archive.LastError);
        json.WriteEndObject();
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

    private async Task QuarantineAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var cursor = new PageCursor(context);
        var limit = arguments.Limit(RowsByDefault, options.RowsMax);
        var after = arguments.Number("after");
        if (cursor.Place is { } place)
        {
            after = place.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(place) : throw cursor.Refusal();
        }

        var events = await grid.GetQuarantineAsync(after, limit + 1, context.RequestAborted).ConfigureAwait(false);
        if (events.Count > limit)
        {
            var last = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, events[limit - 1].Id);
            cursor.SetNext(last);
        }

        using var body = new RowBody(context, format, Quarantined);
        foreach (var held in events.Take(limit))
        {
            body.Number(held.Id);
            body.Name(grid.Names.Instruments[(int)held.Event.Instrument.Value]);
            body.Text(held.Producer);
            body.Number(held.Lsn);
            EventCells.Add(body, new Tick(held.Event, held.Outcome), grid.Names);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private async Task GapsAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var cursor = new PageCursor(context);
        var limit = arguments.Limit(RowsByDefault, options.RowsMax);
        GapPlace? after = null;
        if (cursor.Place is { } place && !GapPlace.TryRead(place, out after))
        {
            throw cursor.Refusal();
        }

        // All of them: the grid has them in memory, by numbers of its own, which another run gives to other names.
        var open = await grid.GetGapsAsync(int.MaxValue, context.RequestAborted).ConfigureAwait(false);
        var page = open.Where(g => after is null || after.IsBefore(g, grid.Names)).Order(GapPlace.Order(grid.Names)).Take(limit + 1).ToList();
        if (page.Count > limit)
        {
            cursor.SetNext(GapPlace.Write(page[limit - 1], grid.Names));
        }

        using var body = new RowBody(context, format, Gaps);
        foreach (var gap in page.Take(limit))
        {
            body.Name(grid.Names.Sources[gap.Source.Value]);
            body.Name(grid.Names.Channels[(int)gap.Channel.Value]);
            body.Number((long)gap.Session);
            body.Number(gap.FirstMissing);
            body.Number(gap.LastMissing);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private async Task SourcesAsync(HttpContext context)
    {
        var format = new QueryArguments(context).Format();
        using var body = new RowBody(context, format, Sources);
        foreach (var source in await grid.GetSourcesAsync(context.RequestAborted).ConfigureAwait(false))
        {
            Add(body, source);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static void Add(RowBody row, SourceDeclaration source)
    {
        row.Text(source.Name);
        row.Text(source.Policy.ToString().ToLowerInvariant());
        row.Flag(source.IsContiguous);
        row.Text(source.UnknownInstrument.ToString().ToLowerInvariant());
        row.Number((long)source.NotLastConditions);
        row.Number((long)source.NotHighLowConditions);
        row.Number((long)source.NotVolumeConditions);
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

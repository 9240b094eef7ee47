using System.Net;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime;

namespace Grid.Gateway.Tests.Http;

public sealed class OperationsTests
{
    [Fact]
    public async Task Status_gives_counters_and_outcomes()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B");

        var status = await fixture.JsonAsync("/v1/status");

        Assert.Equal((4L, 2, 4L), ((long)status["events_received"]!, (int)status["instruments"]!, (long)status["outcomes"]!["accepted"]!));
    }

    [Fact]
    public async Task Status_tells_latencies_of_the_last_minute_and_how_full_the_queue_may_get()
    {
        await using var fixture = await HttpFixture.WithAsync();

        var status = await fixture.JsonAsync("/v1/status");

        Assert.Equal(64, (int)status["batches_queued_max"]!);
        foreach (var name in new[] { "visible", "acknowledged", "flush" })
        {
            Assert.Equal("""{"count":0,"p50":0,"p95":0,"p99":0,"max":0}""", status["latency_ms"]![name]!.ToJsonString());
        }
    }

    [Fact]
    public async Task Health_is_live_and_ready_until_the_grid_stops_by_itself()
    {
        await using var fixture = await HttpFixture.WithAsync();
        Assert.Equal("""{"status":"live","reasons":[]}""", await fixture.TextAsync("/health/live"));
        Assert.Equal("""{"status":"ready","reasons":[]}""", await fixture.TextAsync("/health/ready"));

        fixture.Grid.Fail(new GridException(GridErrorCode.StorageFailed, "the disk is gone"));

        Assert.Equal("""{"status":"live","reasons":[]}""", await fixture.TextAsync("/health/live"));
        using var ready = await fixture.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.True(ready.Headers.CacheControl!.NoStore);
        Assert.Equal(
            """{"status":"not ready","reasons":["the grid stopped: the disk is gone"]}""",
            await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Quarantined_events_come_whole_with_the_reason_after_an_id()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        var trade = new MarketEvent { Kind = EventKind.Trade, Instrument = new InstrumentId(1), Source = new SourceId(1), F0 = Price.Of(-1).Raw, F1 = Quantity.One };
        for (ulong id = 1; id <= 3; id++)
        {
            fixture.Grid.Quarantine.Add(new QuarantinedEvent(id, trade, Outcome.Reject(RejectReason.PriceNotPositive), "seed", 40 + id));
        }

        var rows = (await fixture.JsonAsync("/v1/quarantine?after=1&limit=1")).AsArray();

        var row = Assert.Single(rows)!;
        Assert.Equal((2, "A", "seed", 42), ((int)row["id"]!, (string)row["instrument"]!, (string)row["producer"]!, (int)row["journal_frame"]!));
        Assert.Equal(("-1", "rejected", "PriceNotPositive"), ((string)row["price"]!, (string)row["outcome"]!, (string)row["reason"]!));
        await fixture.AssertProblemAsync("/v1/quarantine?after=x", HttpStatusCode.BadRequest, "BadArgument", "argument 'after' is 'x'; it must be a whole number");
    }

    [Fact]
    public async Task Gaps_and_sources_are_listed()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        fixture.Grid.Gaps.Add(new Gap(new SourceId(1), default, 20240301, 7, 9));
        fixture.Grid.Sources["S2"] = new SourceDeclaration { Name = "S2", IsContiguous = true, NotLastConditions = uint.MaxValue };

        Assert.Equal(
            """[{"source":"S","channel":"","session":20240301,"first_missing":7,"last_missing":9}]""",
            await fixture.TextAsync("/v1/gaps"));
        Assert.Equal(
            """
            name,policy,contiguous,unknown_instrument,not_last_conditions,not_high_low_conditions,not_volume_conditions
            S,none,false,accept,0,0,0
            S2,sequence,true,accept,4294967295,0,0

            """,
            await fixture.TextAsync("/v1/sources?format=csv"));
    }
}

using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Client.Query;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Gateway.Http;
using Grid.Runtime;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Client.Tests.Query;

public sealed class QueryClientTests : IAsyncLifetime
{
    private readonly RecordingGrid _grid = new();
    private GatewayServer _server = null!;
    private QueryClient _client = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await MarketSeed.AddAsync(_grid, "A", "B/C", "D,E");
        _server = await GatewayServer.StartAsync(
            _grid, new GatewayOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) }, TimeProvider.System, NullLoggerFactory.Instance, cancel: Cancel);
        _client = new QueryClient(new Uri($"http://{_server.EndPoint}"));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Latest_comes_as_exact_text()
    {
        var row = Assert.Single(await _client.GetLatestAsync(["A"], Cancel));

        Assert.Equal(
            new LatestRow("A", "100.25", "10", "100.2", "3", null, null, "2023-11-14T22:13:20.000000002Z", "2023-11-14T22:13:20.000000001Z", "XNAS", new DayRow(20231114, "0", "0", "0", "10", 1)),
            row);
    }

    [Fact]
    public async Task Instruments_are_found_by_a_pattern_a_page_at_a_time()
    {
        Assert.Equal(["A", "B/C"], (await _client.FindLatestAsync("*", limit: 2, cancel: Cancel)).Select(r => r.Instrument));
        Assert.Equal(["D,E"], (await _client.FindLatestAsync("*", after: "B/C", cancel: Cancel)).Select(r => r.Instrument));
    }

    [Fact]
    public async Task Ticks_and_bars_are_asked_for_by_any_symbol()
    {
        _grid.Bars[new InstrumentId(2)] = [new Bar { Start = MarketSeed.Start, Volume = Quantity.Of(5).Raw, Count = 1 }];

        var ticks = await _client.GetTicksAsync("B/C", from: "2023-11-14", to: "2023-11-15", cancel: Cancel);
        var bars = await _client.GetBarsAsync("B/C", "1m", cancel: Cancel);

        Assert.Equal(["trade", "quote"], ticks.Select(t => t.Kind));
        Assert.Equal(("100.25", "cleared", 3UL), (ticks[0].Price, ticks[1].Ask, ticks[0].Sequence));
        Assert.Equal(("5", null, 1L), (bars[0].Volume, bars[0].Open, bars[0].Count));
    }

    [Fact]
    public async Task Operations_are_asked_for()
    {
        _grid.Gaps.Add(new Gap(new SourceId(1), default, 1, 2, 3));
        _grid.Quarantine.Add(new QuarantinedEvent(
            5, new MarketEvent { Kind = EventKind.Trade, Instrument = new InstrumentId(1), Source = new SourceId(1) }, Outcome.Reject(RejectReason.SizeZero), "p", 9));

        Assert.Equal(new GapRow("S", "", 1, 2, 3), Assert.Single(await _client.GetGapsAsync(cancel: Cancel)));
        var held = Assert.Single(await _client.GetQuarantineAsync(cancel: Cancel));
        Assert.Equal((5UL, "SizeZero", 9UL), (held.Id, held.Reason, held.JournalFrame));
        var status = await _client.GetStatusAsync(Cancel);
        Assert.Equal((6L, 3, 6L), (status.EventsReceived, status.Instruments, status.Outcomes.Accepted));
    }

    [Fact]
    public async Task The_market_is_asked_for()
    {
        Assert.Equal(
            new BboRow("A", "100.2", "3", "2023-11-14T22:13:20.000000002Z", "S", null, null, null, null), Assert.Single(await _client.GetBboAsync(["A"], Cancel)));
        Assert.Equal(new InstrumentDayRow("A", 20231114, "0", "0", "0", "100.25", "10", "1002.5", "100.25", 1), Assert.Single(await _client.GetDayAsync(["A"], Cancel)));
        Assert.All(await _client.GetQuotesAsync("A", Cancel), q => Assert.Contains(q.BidState, (string[])["set", "cleared", "absent"]));
        _grid.Quality[new InstrumentId(1)] = new InstrumentQuality(new InstrumentId(1), new InstrumentCounts { Accepted = 3, Rejected = 1 }, MarketSeed.Start, 2);
        var quality = Assert.Single(await _client.GetQualityAsync(["A"], Cancel));
        Assert.Equal(("A", "75", 3UL, 2), (quality.Instrument, quality.Score, quality.Accepted, quality.OpenGaps));
        var cusip = Cusip.Parse("037833100");
        _grid.Runs[cusip] = new CusipRuns(cusip, [20231114], new CusipMarket(20231114, default, default, 0), []);
        var runs = await _client.GetRunsAsync("037833100", cancel: Cancel);
        Assert.Equal(("037833100", 20231114U, 0, 0), (runs.Cusip, runs.Date, runs.Dealers, runs.Runs.Count));
        var producer = Assert.Single(await _client.GetProducersAsync(Cancel));
        Assert.Equal(("seed", 1UL, false), (producer.Name, producer.Epoch, producer.Connected));
    }

    [Fact]
    public async Task Lists_are_read_to_their_end_page_by_page()
    {
        for (uint id = 1; id <= 3; id++)
        {
            _grid.Quality[new InstrumentId(id)] = new InstrumentQuality(new InstrumentId(id), new InstrumentCounts { Accepted = 1 }, MarketSeed.Start, 0);
            _grid.Gaps.Add(new Gap(new SourceId(1), default, id, 2, 3));
            _grid.Quarantine.Add(new QuarantinedEvent(
                id, new MarketEvent { Kind = EventKind.Trade, Instrument = new InstrumentId(1), Source = new SourceId(1) }, Outcome.Reject(RejectReason.SizeZero), "p", 9));
        }

        _grid.Bars[new InstrumentId(2)] = [.. Enumerable.Range(0, 3).Select(i => new Bar { Start = new UnixNanos(i * UnixNanos.PerMinute) })];
        string[] all = ["A", "B/C", "D,E"];

        Assert.Equal(all, await _client.ListLatestAsync(pageRows: 2, cancel: Cancel).Select(r => r.Instrument).ToListAsync(Cancel));
        Assert.Equal(all, await _client.ListBboAsync(pageRows: 2, cancel: Cancel).Select(r => r.Instrument).ToListAsync(Cancel));
        Assert.Equal(all, await _client.ListDayAsync(pageRows: 2, cancel: Cancel).Select(r => r.Instrument).ToListAsync(Cancel));
        Assert.Equal(all, await _client.ListQualityAsync(pageRows: 2, cancel: Cancel).Select(r => r.Instrument).ToListAsync(Cancel));
        Assert.Equal(all, await _client.ListInstrumentsAsync(pageRows: 2, cancel: Cancel).Select(r => r.Symbol).ToListAsync(Cancel));
        Assert.Equal(["B/C"], await _client.ListLatestAsync("B*", 1, Cancel).Select(r => r.Instrument).ToListAsync(Cancel));
        Assert.Equal(["trade", "quote"], await _client.ListTicksAsync("B/C", pageRows: 1, cancel: Cancel).Select(r => r.Kind).ToListAsync(Cancel));
        Assert.Equal(3, await _client.ListBarsAsync("B/C", "1m", pageRows: 2, cancel: Cancel).Select(r => r.Time).Distinct().CountAsync(Cancel));
        Assert.Equal([2UL, 3UL], await _client.ListQuarantineAsync(after: 1, pageRows: 1, cancel: Cancel).Select(r => r.Id).ToListAsync(Cancel));
        Assert.Equal([1L, 2L, 3L], await _client.ListGapsAsync(pageRows: 2, cancel: Cancel).Select(r => r.Session).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_page_says_what_it_left_out()
    {
        var part = await _client.GetTicksAsync("A", limit: 1, cancel: Cancel);
        var whole = await _client.GetTicksAsync("A", cancel: Cancel);

        Assert.Equal((1, false, true, false), (part.Count, part.IsComplete, part.Next is not null, part.AmendmentPending));
        Assert.Equal((2, true, false), (whole.Count, whole.IsComplete, whole.Next is not null));
    }

    [Fact]
    public async Task Anything_is_asked_for_as_it_comes()
    {
        using var answer = await _client.OpenAsync("v1/ticks/B%2FC", [("format", "csv"), ("from", null)], Cancel);

        Assert.Equal("text/csv", answer.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("time,kind,", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(LatestRow), "/v1/latest")]
    [InlineData(typeof(BboRow), "/v1/bbo")]
    [InlineData(typeof(SourceQuoteRow), "/v1/quotes/{symbol}")]
    [InlineData(typeof(InstrumentDayRow), "/v1/day")]
    [InlineData(typeof(TickRow), "/v1/ticks/{symbol}")]
    [InlineData(typeof(BarRow), "/v1/bars/{symbol}")]
    [InlineData(typeof(CusipRow), "/v1/runs/{cusip}")]
    [InlineData(typeof(QualityRow), "/v1/quality")]
    [InlineData(typeof(QuarantineRow), "/v1/quarantine")]
    [InlineData(typeof(GapRow), "/v1/gaps")]
    [InlineData(typeof(SourceRow), "/v1/sources")]
    [InlineData(typeof(ProducerRow), "/v1/producers")]
    [InlineData(typeof(InstrumentRow), "/v1/instruments/{symbol}")]
    [InlineData(typeof(ListedInstrumentRow), "/v1/instruments")]
    [InlineData(typeof(StatusRow), "/v1/status")]
    public async Task Rows_have_what_the_server_describes(Type row, string path)
    {
        using var http = new HttpClient();
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri(_client.Address, "openapi/v1.json"), Cancel))!;
        var schema = document["paths"]![path]!["get"]!["responses"]!["200"]!["content"]!["application/json"]!["schema"]!;

        AssertSame(row, schema["items"] ?? schema);
    }

    [Fact]
    public async Task There_is_a_method_for_every_list_and_object()
    {
        using var http = new HttpClient();
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri(_client.Address, "openapi/v1.json"), Cancel))!;
        var paths = document["paths"]!.AsObject().Where(p => p.Key.StartsWith("/v1/", StringComparison.Ordinal) && p.Value!["get"] is not null).Select(p => p.Key.Split('/')[2]).Distinct();
        var methods = typeof(QueryClient).GetMethods().Select(m => m.Name).ToList();

        Assert.All(paths.Except(["stream"]), p => Assert.Contains(methods, m => m.EndsWith($"{p}Async", StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public async Task Definitions_are_published()
    {
        var result = await _client.PutInstrumentsAsync(
            [new("A", new InstrumentDefinition { Class = "equity", TickSize = Price.Parse("0.01") }), new("B AD", InstrumentDefinition.Unknown)], Cancel);

        Assert.Equal(1, result.Accepted);
        Assert.Equal(1, Assert.Single(result.Errors).Index);
        Assert.Equal("equity", (await _grid.GetDefinitionAsync(new InstrumentId(1), Cancel))!.Class);
        Assert.Equal(new InstrumentRow("A", "equity", "0.01", "0", "", "", "", null, null), await _client.GetInstrumentAsync("A", Cancel));
        Assert.Contains(await _client.GetSourcesAsync(Cancel), s => s is { Name: "http", Policy: "none", Contiguous: false });
        Assert.Equal(DedupPolicy.None, _grid.Sources["http"].Policy);
    }

    [Fact]
    public async Task A_refusal_comes_with_its_code()
    {
        var missing = await Assert.ThrowsAsync<GridException>(() => _client.GetTicksAsync("NOPE", cancel: Cancel));
        var bad = await Assert.ThrowsAsync<GridException>(() => _client.GetBarsAsync("A", "7m", cancel: Cancel));

        Assert.Equal((GridErrorCode.InstrumentNotFound, "there is no instrument 'NOPE'"), (missing.Code, missing.Message));
        Assert.Equal(GridErrorCode.BadArgument, bad.Code);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        await _server.DisposeAsync();

        var e = await Assert.ThrowsAsync<GridException>(() => _client.GetStatusAsync(Cancel));

        Assert.Equal(GridErrorCode.Unreachable, e.Code);
        Assert.StartsWith($"the server http://{_server.EndPoint}/ cannot be reached: ", e.Message, StringComparison.Ordinal);
    }

    // Names, and whether there may be nothing.
    private static void AssertSame(Type row, JsonNode schema)
    {
        var nullability = new NullabilityInfoContext();
        var properties = row.GetProperties().Where(p => p.Name != "EqualityContract").ToList();
        Assert.Equal(schema["properties"]!.AsObject().Select(p => p.Key), properties.Select(p => JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name)));
        foreach (var property in properties)
        {
            var described = schema["properties"]![JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)]!;
            var inner = described["properties"] is not null ? property.PropertyType
                : described["items"]?["properties"] is not null ? property.PropertyType.GetGenericArguments()[0]
                : null;
            if (inner is not null)
            {
                AssertSame(inner, described["items"] ?? described);
            }
            else
            {
                Assert.True(described["type"] is JsonArray == (nullability.Create(property).ReadState == NullabilityState.Nullable), $"{row.Name}.{property.Name}");
            }
        }
    }
}

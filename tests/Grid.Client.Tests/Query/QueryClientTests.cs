using System.Net;
using Grid.Client.Query;
using Grid.Domain;
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
        Assert.StartsWith($"no grid answers at http://{_server.EndPoint}/: ", e.Message, StringComparison.Ordinal);
    }
}

using System.Net;
using Grid.Domain;
using Grid.Domain.Events;

namespace Grid.Gateway.Tests.Http;

public sealed class InstrumentsTests
{
    [Fact]
    public async Task A_definition_that_was_put_is_an_event_and_can_be_read()
    {
        await using var fixture = await HttpFixture.WithAsync();

        var (status, body) = await fixture.PutAsync("/v1/instruments", """
            [{"symbol":"AAPL","class":"equity","tickSize":0.01,"lotSize":"1","currency":"USD","calendar":"XNYS","cusip":"037833100","validFrom":"2020-01-01","validTo":null}]
            """);

        Assert.Equal((HttpStatusCode.OK, """{"accepted":1,"errors":[]}"""), (status, body.ToJsonString()));
        Assert.Equal(
            """{"symbol":"AAPL","class":"equity","tick_size":"0.01","lot_size":"1","currency":"USD","calendar":"XNYS","cusip":"037833100","valid_from":"2020-01-01T00:00:00.000000000Z"}""",
            await fixture.TextAsync("/v1/instruments/AAPL"));
        var e = Assert.Single(fixture.Grid.Events);
        Assert.Equal((EventKind.Definition, "http"), (e.Event.Kind, fixture.Grid.Names.Sources.Text(e.Event.Source.Value)));
        Assert.Equal("http", fixture.Grid.Sources["http"].Name);
    }

    [Fact]
    public async Task Each_item_stands_or_falls_alone()
    {
        await using var fixture = await HttpFixture.WithAsync();

        var (status, body) = await fixture.PutAsync("/v1/instruments", """
            [{"symbol":"GOOD"},{"symbol":"B AD"},{"symbol":"ALSO","tick_size":"0.25"},7]
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, (int)body["accepted"]!);
        Assert.Equal([1, 3], body["errors"]!.AsArray().Select(e => (int)e!["index"]!));
        Assert.Equal(["GOOD", "ALSO"], fixture.Grid.Events.Select(e => fixture.Grid.Names.Symbol(e.Event.Instrument)));
    }

    [Theory]
    [InlineData("""{"class":"equity"}""", "symbol: a name is empty; it must have 1 to 64 printable ASCII bytes")]
    [InlineData("""{"symbol":"A","tick_size":"a lot"}""", "'a lot' is not a number of at most 9 decimals that fits 64 bits")]
    [InlineData("""{"symbol":"A","tick_size":-0.01}""", "tick_size is -0.01; it must not be negative")]
    [InlineData("""{"symbol":"A","lot_size":"0.000000001"}""", "'0.000000001' is not a number of at most 8 decimals that fits 64 bits")]
    [InlineData("""{"symbol":"A","tick_size":true}""", "tick_size must be a text or a number, not True")]
    [InlineData("""{"symbol":"A","cusip":"037833101"}""", "'037833101' is not a CUSIP: its check digit is '1', but 0 is right")]
    [InlineData("""{"symbol":"A","valid_from":"soon"}""", "valid_from 'soon' is no ISO 8601 time")]
    [InlineData("""{"symbol":"A","valid_from":"2024-01-02","valid_to":"2024-01-01"}""", "valid_from '2024-01-02T00:00:00.000000000Z' must be before valid_to '2024-01-01T00:00:00.000000000Z'")]
    [InlineData("""{"symbol":"A","ticksize":1}""", "'ticksize' is not a property of an instrument; they are symbol, class, tick_size, lot_size, currency, calendar, cusip, valid_from, valid_to")]
    [InlineData("""{"symbol":"A","tick_size":1,"tickSize":1}""", "tick_size is given twice")]
    [InlineData("""{"symbol":"A","class":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", "class 'aaaaaaaaaaaaaaaa…' has 65 bytes; at most 64 are allowed")]
    [InlineData("[]", "an instrument must be a JSON object, not Array")]
    public async Task A_bad_item_is_explained(string item, string detail)
    {
        await using var fixture = await HttpFixture.WithAsync();

        var (status, body) = await fixture.PutAsync("/v1/instruments", $"[{item}]");

        Assert.Equal((HttpStatusCode.OK, 0, detail), (status, (int)body["accepted"]!, (string)body["errors"]![0]!["detail"]!));
        Assert.Empty(fixture.Grid.Events);
    }

    [Fact]
    public async Task Text_with_half_a_character_is_refused_and_not_a_failure()
    {
        await using var fixture = await HttpFixture.WithAsync();

        var (status, body) = await fixture.PutAsync("/v1/instruments", """[{"symbol":"A","class":"\ud800"}]""");

        Assert.Equal((HttpStatusCode.OK, 0, 1), (status, (int)body["accepted"]!, body["errors"]!.AsArray().Count));
    }

    [Theory]
    [InlineData("""{"symbol":"A"}""", "the body must be a JSON array of instruments")]
    [InlineData("nonsense", "the body is no JSON: line 1, byte 2: ")]
    public async Task A_body_that_is_no_array_is_refused(string json, string detail)
    {
        await using var fixture = await HttpFixture.WithAsync();

        var (status, body) = await fixture.PutAsync("/v1/instruments", json);

        Assert.Equal((HttpStatusCode.BadRequest, "Malformed"), (status, (string)body["code"]!));
        Assert.StartsWith(detail, (string)body["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_two_definitions_of_one_instrument_the_later_has_the_later_time()
    {
        var time = new Testing.ManualTime();
        await using var fixture = await HttpFixture.StartAsync(time: time);

        await fixture.PutAsync("/v1/instruments", """[{"symbol":"A","class":"x"},{"symbol":"A","class":"y"}]""");
        await fixture.PutAsync("/v1/instruments", """[{"symbol":"A","class":"z"}]""");

        var times = fixture.Grid.Events.Select(e => e.Event.EventTime.Value).ToArray();
        Assert.Equal(times.Order().Distinct(), times);
        Assert.Equal("z", (string)(await fixture.JsonAsync("/v1/instruments/A"))["class"]!);
    }

    [Fact]
    public async Task Tens_of_thousands_are_published_in_several_batches()
    {
        await using var fixture = await HttpFixture.WithAsync();
        var items = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $$"""{"symbol":"S{{i}}"}"""));

        var (_, body) = await fixture.PutAsync("/v1/instruments", $"[{items}]");

        Assert.Equal(20_000, (int)body["accepted"]!);
        Assert.Equal(20_000, fixture.Grid.Events.Count);
    }

    [Fact]
    public async Task A_feed_that_the_grid_closed_is_opened_again_by_the_next_request()
    {
        await using var fixture = await HttpFixture.WithAsync();
        await fixture.PutAsync("/v1/instruments", """[{"symbol":"A"}]""");
        fixture.Grid.CloseFeed("grid.http.1", new GridException(GridErrorCode.EpochStale, "taken over"));

        var (status, _) = await fixture.PutAsync("/v1/instruments", """[{"symbol":"B"}]""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["A", "B"], fixture.Grid.Events.Select(e => fixture.Grid.Names.Symbol(e.Event.Instrument)));
    }

    [Fact]
    public async Task What_the_grid_refuses_is_told_with_its_code()
    {
        await using var fixture = await HttpFixture.WithAsync();
        fixture.Grid.RefuseNextFeed = new GridException(GridErrorCode.StorageFailed, "the disk is gone");

        var (status, problem) = await fixture.PutAsync("/v1/instruments", """[{"symbol":"A"}]""");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "StorageFailed", true), (status, (string)problem["code"]!, (bool)problem["retry"]!));
    }

    [Fact]
    public async Task An_instrument_without_a_definition_says_so()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync("/v1/instruments/A", HttpStatusCode.NotFound, "InstrumentNotFound", "instrument 'A' has no definition that is valid now");
    }
}

using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime;
using Grid.Testing;

namespace Grid.Gateway.Tests.Http;

public sealed class PagingTests
{
    [Theory]
    [InlineData("/v1/latest?pattern=S*", "instrument")]
    [InlineData("/v1/bbo?pattern=S*", "instrument")]
    [InlineData("/v1/day?pattern=S*", "instrument")]
    [InlineData("/v1/quality?pattern=S*", "instrument")]
    [InlineData("/v1/instruments?pattern=S*", "symbol")]
    [InlineData("/v1/instruments", "symbol")]
    public async Task Instruments_come_page_by_page_in_symbol_order(string path, string column)
    {
        string[] symbols = ["S<5>", "S\"4\"", "S/3", "S2", "S1", "S&6"];
        await using var fixture = await HttpFixture.WithAsync(symbols);
        for (uint id = 1; id <= symbols.Length; id++)
        {
            fixture.Grid.Quality[new InstrumentId(id)] = new InstrumentQuality(new InstrumentId(id), new InstrumentCounts { Accepted = 1 }, MarketSeed.Start, 0);
        }

        var pages = await PagesAsync(fixture, path, limit: 4);

        Assert.Equal([4, 2], pages.Select(p => p.Count));
        Assert.Equal(symbols.Order(StringComparer.Ordinal), pages.SelectMany(p => p).Select(r => (string)r![column]!));
    }

    [Fact]
    public async Task A_page_that_ends_with_the_list_names_no_next_one()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B");

        using var response = await fixture.GetAsync("/v1/latest?pattern=*&limit=2");

        Assert.False(response.Headers.Contains("Grid-Next"));
        Assert.False(response.Headers.Contains("Link"));
    }

    [Fact]
    public async Task Ticks_come_page_by_page_also_of_a_symbol_with_a_slash()
    {
        await using var fixture = await HttpFixture.WithAsync("EUR/USD", "B");
        await MoreAsync(fixture.Grid, 7);

        var pages = await PagesAsync(fixture, "/v1/ticks/EUR%2FUSD?from=2023-11-14", limit: 2);

        Assert.Equal([2, 2, 2, 2, 1], pages.Select(p => p.Count));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9], pages.SelectMany(p => p).Select(r => (int)r!["sequence"]!));
    }

    [Fact]
    public async Task Bars_come_page_by_page()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        var minute = MarketSeed.Start.Floor(UnixNanos.PerMinute);
        fixture.Grid.Bars[new InstrumentId(1)] = [.. Enumerable.Range(0, 5).Select(i => new Bar { Start = new UnixNanos(minute.Value + (i * UnixNanos.PerMinute)) })];

        var pages = await PagesAsync(fixture, "/v1/bars/A?interval=1m", limit: 2);

        Assert.Equal([2, 2, 1], pages.Select(p => p.Count));
        Assert.Equal(5, pages.SelectMany(p => p).Select(r => (string)r!["time"]!).Distinct().Count());
    }

    [Fact]
    public async Task Quarantined_events_come_page_by_page()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        var trade = new MarketEvent { Kind = EventKind.Trade, Instrument = new InstrumentId(1), Source = new SourceId(1) };
        for (ulong id = 1; id <= 5; id++)
        {
            fixture.Grid.Quarantine.Add(new QuarantinedEvent(id, trade, Outcome.Reject(RejectReason.PriceNotPositive), "seed", id));
        }

        var pages = await PagesAsync(fixture, "/v1/quarantine", limit: 2);

        Assert.Equal([1, 2, 3, 4, 5], pages.SelectMany(p => p).Select(r => (int)r!["id"]!));
    }

    [Fact]
    public async Task Gaps_come_page_by_page_in_the_order_of_names()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        AddGaps(fixture.Grid, "zeta", "beta", "alpha");

        var pages = await PagesAsync(fixture, "/v1/gaps", limit: 4);

        Assert.Equal([4, 4, 4], pages.Select(p => p.Count));
        string[] channels = ["a", "b"];
        Assert.Equal(
            from source in new[] { "alpha", "beta", "zeta" } from channel in channels from first in new[] { 5, 9 } select (source, channel, first),
            pages.SelectMany(p => p).Select(r => ((string)r!["source"]!, (string)r["channel"]!, (int)r["first_missing"]!)));
    }

    [Fact]
    public async Task What_is_left_of_a_gap_is_not_told_again_and_a_cursor_outlives_the_run()
    {
        await using var first = await HttpFixture.WithAsync("A");
        AddGaps(first.Grid, "x", "y");
        var cursor = await NextAsync(first, "/v1/gaps?limit=2");
        await using var second = await HttpFixture.WithAsync("A");
        AddGaps(second.Grid, "y", "x");
        var source = new SourceId((ushort)second.Grid.Names.Sources.Find("x"u8));
        var channel = new ChannelId((uint)second.Grid.Names.Channels.Find("a"u8));
        second.Grid.Gaps.RemoveAll(g => g.Source == source && g.Channel == channel && g.FirstMissing == 9);
        second.Grid.Gaps.Add(new Gap(source, channel, 20231114, 10, 10));

        var rest = (await second.JsonAsync($"/v1/gaps?cursor={cursor}")).AsArray();

        Assert.Equal(
            [("x", "b", 5), ("x", "b", 9), ("y", "a", 5), ("y", "a", 9), ("y", "b", 5), ("y", "b", 9)],
            rest.Select(r => ((string)r!["source"]!, (string)r["channel"]!, (int)r["first_missing"]!)));
    }

    [Fact]
    public async Task A_cursor_of_another_question_and_a_damaged_one_are_refused()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B", "C");
        await MoreAsync(fixture.Grid, 2);
        var list = await NextAsync(fixture, "/v1/latest?pattern=*&limit=1");
        var ticks = await NextAsync(fixture, "/v1/ticks/A?limit=1");
        var damaged = (list[0] == 'A' ? "B" : "A") + list[1..];

        foreach (var (path, cursor) in new[]
        {
            ($"/v1/latest?pattern=B*&cursor={list}", list),
            ($"/v1/bbo?pattern=*&cursor={list}", list),
            ($"/v1/latest?pattern=*&cursor={damaged}", damaged),
            ($"/v1/latest?pattern=*&cursor={list[..^1]}", list[..^1]),
            ($"/v1/latest?instruments=A&cursor={list}", list),
            ("/v1/latest?pattern=*&cursor=no+cursor!", "no cursor!"),
            ("/v1/latest?pattern=*&cursor=", ""),
            ($"/v1/ticks/B?cursor={ticks}", ticks),
            ($"/v1/ticks/A?from=2020-01-01&cursor={ticks}", ticks),
            ("/v1/quarantine?cursor=AAAA", "AAAA"),
            ("/v1/bars/A?cursor=AAAA", "AAAA"),
            ("/v1/gaps?cursor=AAAA", "AAAA"),
        })
        {
            await fixture.AssertProblemAsync(path, HttpStatusCode.BadRequest, "BadArgument", $"argument 'cursor' is '{cursor}'; it must be what Grid-Next said in an answer to the same request");
        }

        Assert.Single((await fixture.JsonAsync($"/v1/latest?limit=1&cursor={list}&pattern=*")).AsArray());
    }

    [Fact]
    public async Task A_cursor_names_what_it_means_so_that_it_holds_where_numbers_differ()
    {
        await using var first = await HttpFixture.WithAsync("A");
        await using var second = await HttpFixture.WithAsync("OTHER", "A");
        await MoreAsync(first.Grid, 2);
        var cursor = await NextAsync(first, "/v1/ticks/A?limit=1");

        Assert.Equal(2, (await second.JsonAsync($"/v1/ticks/A?cursor={cursor}")).AsArray().Count);
    }

    private static async Task<List<JsonArray>> PagesAsync(HttpFixture fixture, string path, int limit)
    {
        var pages = new List<JsonArray>();
        var next = $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}limit={limit}";
        while (true)
        {
            using var response = await fixture.GetAsync(next);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode == HttpStatusCode.OK, text);
            pages.Add(JsonNode.Parse(text)!.AsArray());
            if (!response.Headers.TryGetValues("Link", out var links))
            {
                return pages;
            }

            var link = Assert.Single(links);
            Assert.EndsWith(">; rel=\"next\"", link, StringComparison.Ordinal);
            next = link[1..link.IndexOf('>', StringComparison.Ordinal)];
            Assert.EndsWith("cursor=" + Assert.Single(response.Headers.GetValues("Grid-Next")), next, StringComparison.Ordinal);
        }
    }

    private static async Task<string> NextAsync(HttpFixture fixture, string path)
    {
        using var response = await fixture.GetAsync(path);
        return Assert.Single(response.Headers.GetValues("Grid-Next"));
    }

    // More trades of the first instrument, all at one time.
    private static async Task MoreAsync(IGrid grid, int count)
    {
        await using var feed = await grid.OpenFeedAsync(new FeedHello("more", 1, AckLevel.Received), new Silent(), CancellationToken.None);
        feed.AddName(NameKind.Source, "S"u8);
        feed.AddName(NameKind.Instrument, grid.Names.Instruments[1]);
        await feed.DeclareSourceAsync(new Domain.Dedup.SourceDeclaration { Name = "S", Policy = Domain.Dedup.DedupPolicy.None }, CancellationToken.None);
        var encoder = new EventBatchEncoder();
        for (var i = count; i > 0; i--)
        {
            encoder.Add(new MarketEvent
            {
                Kind = EventKind.Trade,
                Source = new SourceId(1),
                Instrument = new InstrumentId(1),
                Session = 20231114,
                Sequence = (ulong)i + 2,
                EventTime = new UnixNanos(MarketSeed.Start.Value + 100),
                F0 = Price.Of(1).Raw,
                F1 = Quantity.One,
            });
        }

        await feed.SubmitAsync(1, encoder.Finish().ToArray(), CancellationToken.None);
    }

    private sealed class Silent : IFeedListener
    {
        public void Acknowledged(in Acknowledgement acknowledgement)
        {
        }

        public void Closed(Domain.GridException reason)
        {
        }
    }

    // Of each source, on two channels, the gaps 5 to 5 and 9 to 10.
    private static void AddGaps(RecordingGrid grid, params string[] sources)
    {
        foreach (var source in sources)
        {
            var id = new SourceId((ushort)grid.Names.Sources.GetOrAdd(Encoding.ASCII.GetBytes(source)));
            foreach (var channel in (string[])["b", "a"])
            {
                var on = new ChannelId((uint)grid.Names.Channels.GetOrAdd(Encoding.ASCII.GetBytes(channel)));
                grid.Gaps.Add(new Gap(id, on, 20231114, 5, 5));
                grid.Gaps.Add(new Gap(id, on, 20231114, 9, 10));
            }
        }
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Gateway.Tests.Http;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpHttpTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/write?db=market&precision=ns")]
    [InlineData("/write")]
    [InlineData("/api/v2/write?bucket=market&org=me&precision=ns")]
    public async Task Lines_are_written_and_answered_with_204(string path)
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, body, headers) = await fixture.PostAsync(path, Encoding.UTF8.GetBytes(GridFixture.Trades(3) + GridFixture.Trades(1)));

        Assert.Equal((HttpStatusCode.NoContent, null), (status, body));
        Assert.Equal(("3", "1"), (headers.GetValues("Grid-Accepted").Single(), headers.GetValues("Grid-Duplicate").Single()));
        Assert.Equal(["1", "2", "3"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task Times_have_the_precision_of_the_request()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, _, _) = await fixture.WriteAsync("trade,instrument=A price=1,size=1 1714570200\n", "?precision=s");
        var (refused, problem, _) = await fixture.WriteAsync("trade,instrument=A price=1,size=1 1714570200\n", "?precision=d");

        Assert.Equal(HttpStatusCode.NoContent, status);
        Assert.Equal("2024-05-01T13:30:00.000000000Z", Assert.Single(await fixture.TicksAsync("A")).EventTime.ToString());
        Assert.Equal((HttpStatusCode.BadRequest, "invalid"), (refused, (string)problem!["code"]!));
        Assert.Equal("argument 'precision' is 'd'; it must be one of ns, n, us, u, µ, ms, s, m, h", (string)problem["error"]!);
    }

    [Fact]
    public async Task Bad_lines_are_named_and_the_others_are_written()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, body, _) = await fixture.WriteAsync(GridFixture.Trades(1) + "nonsense\n" + GridFixture.Trades(1, first: 2) + "trade,instrument=A price=1.0000000001,size=1 1\n");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(("invalid", 2, 2, 2), ((string)body!["code"]!, (int)body["line"]!, (int)body["written"]!, (int)body["dropped"]!));
        Assert.Equal("partial write: line 2, column 1: measurement 'nonsense' is not one of trade, quote, run, cancel, correct; written=2 dropped=2", (string)body["error"]!);
        Assert.Equal((string)body["error"]!, (string)body["message"]!);
        Assert.Equal([(2, 1), (4, 26)], body["errors"]!.AsArray().Select(e => ((int)e!["line"]!, (int)e["column"]!)));
        Assert.Equal(["1", "2"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task Only_the_first_bad_lines_are_shown()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (_, body, _) = await fixture.WriteAsync(string.Concat(Enumerable.Repeat("nonsense\n", 1_000)));

        Assert.Equal((1_000, GridLimits.RowFaultsShownMax), ((int)body!["dropped"]!, body["errors"]!.AsArray().Count));
    }

    [Fact]
    public async Task Bodies_of_tens_of_thousands_of_lines_are_written_in_several_batches()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, _, headers) = await fixture.WriteAsync(GridFixture.Trades(40_000));

        Assert.Equal((HttpStatusCode.NoContent, "40000"), (status, headers.GetValues("Grid-Accepted").Single()));
        Assert.Equal(40_000, (await fixture.TicksAsync("A")).Count);
    }

    [Fact]
    public async Task Many_requests_at_once_each_know_their_own_outcomes()
    {
        await using var fixture = await GridFixture.StartAsync(o => o.PublishersMax = 4);

        var answers = await Task.WhenAll(Enumerable.Range(1, 40).Select(async i =>
        {
            var lines = GridFixture.Trades(i, symbol: $"S{i}", tags: $",source=s,channel=c{i}");
            return (i, await fixture.WriteAsync(lines + lines));
        }));

        Assert.All(answers, answer =>
        {
            var (i, (status, _, headers)) = answer;
            Assert.Equal(HttpStatusCode.NoContent, status);
            var count = i.ToString(CultureInfo.InvariantCulture);
            Assert.Equal((count, count), (headers.GetValues("Grid-Accepted").Single(), headers.GetValues("Grid-Duplicate").Single()));
        });
    }

    [Fact]
    public async Task Compressed_bodies_are_written()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, _, headers) = await fixture.PostAsync("/write", GridFixture.Gzip(Encoding.UTF8.GetBytes(GridFixture.Trades(20_000))), encoding: "gzip");

        Assert.Equal((HttpStatusCode.NoContent, "20000"), (status, headers.GetValues("Grid-Accepted").Single()));
    }

    [Fact]
    public async Task Compressed_bodies_that_are_cut_or_damaged_are_refused()
    {
        await using var fixture = await GridFixture.StartAsync();
        var whole = GridFixture.Gzip(Encoding.UTF8.GetBytes(GridFixture.Trades(2_000)));
        var damaged = (byte[])whole.Clone();
        damaged[^5] ^= 0xFF;

        foreach (var body in new[] { whole[..^1], whole[..^9], whole[..(whole.Length / 2)], whole[..5], damaged, Encoding.ASCII.GetBytes("trade,instrument=A price=1,size=1 1\n") })
        {
            var (status, problem, _) = await fixture.PostAsync("/write", body, encoding: "gzip");

            Assert.Equal(HttpStatusCode.BadRequest, status);
            Assert.StartsWith("the body is no whole gzip: ", (string)problem!["error"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_small_body_that_becomes_a_large_one_is_refused()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, problem, _) = await fixture.PostAsync("/write", GridFixture.Gzip(new byte[64 << 20]), encoding: "gzip");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request too large"), (status, (string)problem!["code"]!));
        Assert.Contains("once it is decompressed", (string)problem["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_its_limit_is_refused()
    {
        await using var fixture = await GridFixture.StartAsync(o =>
        {
            o.BodyBytesMax = 1024;
            o.InflatedBytesMax = 2048;
        });

        var (plain, tooLarge, _) = await fixture.WriteAsync(GridFixture.Trades(100));
        var (inflated, _, _) = await fixture.PostAsync("/write", GridFixture.Gzip(Encoding.UTF8.GetBytes(GridFixture.Trades(30))), encoding: "gzip");
        var (other, problem, _) = await fixture.PostAsync("/write", "x"u8.ToArray(), encoding: "zstd");

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.RequestEntityTooLarge), (plain, inflated));
        Assert.Equal("request too large", (string)tooLarge!["code"]!);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "the content encoding is 'zstd'; gzip and identity are understood"), (other, (string)problem!["error"]!));
    }

    [Fact]
    public async Task A_retried_batch_is_answered_as_duplicate_and_applied_once()
    {
        await using var fixture = await GridFixture.StartAsync();
        var lines = "trade,instrument=A,source=plain price=1,size=1 1\ntrade,instrument=B,source=plain,venue=N price=1,size=2 2\n";

        var (first, _, accepted) = await fixture.WriteAsync(lines, headers: Batch(1));
        var (second, _, duplicate) = await fixture.WriteAsync(lines, headers: Batch(1));
        await fixture.WriteAsync("trade,instrument=C,source=plain price=1,size=3 3\n", headers: Batch(2));
        await fixture.RestartAsync();
        var (third, _, afterRestart) = await fixture.WriteAsync(lines, headers: Batch(1));

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first, second, third));
        Assert.Equal(("2", "0"), (accepted.GetValues("Grid-Accepted").Single(), accepted.GetValues("Grid-Duplicate").Single()));
        Assert.Equal(("0", "2"), (duplicate.GetValues("Grid-Accepted").Single(), duplicate.GetValues("Grid-Duplicate").Single()));
        Assert.Equal(("0", "2"), (afterRestart.GetValues("Grid-Accepted").Single(), afterRestart.GetValues("Grid-Duplicate").Single()));
        Assert.Equal(["1"], await fixture.SizesAsync("A"));
        Assert.Equal(["2"], await fixture.SizesAsync("B"));
        Assert.Equal(["3"], await fixture.SizesAsync("C"));
    }

    [Theory]
    [InlineData("p", "1", "1", HttpStatusCode.Conflict, "producer 'p' sends batch 1 again with other content")]
    [InlineData("p", "1", "3", HttpStatusCode.Conflict, "producer 'p' sends batch 3, but 2 is next")]
    [InlineData("p", "0", "1", HttpStatusCode.BadRequest, "producer 'p' has epoch 0 and batch 1; both count from 1")]
    [InlineData("a b", "1", "1", HttpStatusCode.BadRequest, "producer: name 'a b' has byte 0x20 at position 1")]
    [InlineData("grid.http.1", "1", "1", HttpStatusCode.BadRequest, "producer 'grid.http.1' begins with 'grid.', which is the server's own")]
    [InlineData("p", "x", "1", HttpStatusCode.BadRequest, "argument 'Grid-Epoch' is 'x'; it must be a whole number from 1")]
    public async Task A_batch_number_that_does_not_fit_is_refused(string producer, string epoch, string batch, HttpStatusCode status, string message)
    {
        await using var fixture = await GridFixture.StartAsync();
        await fixture.WriteAsync("trade,instrument=A price=1,size=1 1\n", headers: Batch(1));

        var (refused, problem, _) = await fixture.WriteAsync(
            "trade,instrument=A price=1,size=2 1\n", headers: [("Grid-Producer", producer), ("Grid-Epoch", epoch), ("Grid-Batch", batch)]);

        Assert.Equal(status, refused);
        Assert.StartsWith(message, (string)problem!["error"]!, StringComparison.Ordinal);
        Assert.Equal(["1"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task A_batch_needs_all_of_its_headers_times_and_no_more_than_a_batch_of_events()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (half, problem, _) = await fixture.WriteAsync(GridFixture.Trades(1), headers: [("Grid-Producer", "p")]);
        var (timeless, bad, _) = await fixture.WriteAsync("trade,instrument=A price=1,size=1\n", headers: Batch(1));
        var (large, tooLarge, _) = await fixture.WriteAsync(GridFixture.Trades(GridLimits.BatchEventsMax + 1), headers: Batch(1));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge), (half, timeless, large));
        Assert.Equal("the headers Grid-Producer, Grid-Epoch and Grid-Batch are given together or not at all", (string)problem!["error"]!);
        Assert.Contains("what may be sent again must have its times", (string)bad!["error"]!, StringComparison.Ordinal);
        Assert.StartsWith("a request with a batch number has at most 16384 events", (string)tooLarge!["error"]!, StringComparison.Ordinal);
        Assert.Empty(await fixture.TicksAsync("A"));
    }

    [Fact]
    public async Task A_source_first_seen_takes_its_policy_from_its_first_row_or_from_the_request()
    {
        await using var fixture = await GridFixture.StartAsync();

        await fixture.WriteAsync("trade,instrument=A,source=numbered price=1,size=1,seq=1i 1\ntrade,instrument=A,source=plain price=1,size=1 1\n");
        await fixture.WriteAsync("trade,instrument=A,source=asked price=1,size=1,seq=1i 1\n", "?policy=content");
        await fixture.WriteAsync("trade,instrument=A,source=header price=1,size=1,seq=1i 1\n", headers: [("Grid-Policy", "batch")]);

        var policies = (await fixture.Grid.GetSourcesAsync(Cancel)).ToDictionary(s => s.Name, s => s.Policy);
        Assert.Equal(DedupPolicy.Sequence, policies["numbered"]);
        Assert.Equal(DedupPolicy.None, policies["plain"]);
        Assert.Equal(DedupPolicy.Content, policies["asked"]);
        Assert.Equal(DedupPolicy.Batch, policies["header"]);
    }

    [Fact]
    public async Task A_policy_that_differs_from_a_known_sources_is_refused()
    {
        await using var fixture = await GridFixture.StartAsync();
        await fixture.WriteAsync("trade,instrument=A,source=s price=1,size=1,seq=1i 1\n");

        var (status, problem, _) = await fixture.WriteAsync("trade,instrument=A,source=s price=1,size=2,seq=2i 2\n", "?policy=none");
        var (unknown, bad, _) = await fixture.WriteAsync("trade,instrument=A,source=s price=1,size=2,seq=2i 2\n", "?policy=maybe");
        var (same, _, _) = await fixture.WriteAsync("trade,instrument=A,source=s price=1,size=3,seq=3i 3\n", "?policy=sequence");

        Assert.Equal((HttpStatusCode.Conflict, "conflict"), (status, (string)problem!["code"]!));
        Assert.Equal("source 's' has the policy sequence; it cannot become none", (string)problem["error"]!);
        Assert.Equal((HttpStatusCode.BadRequest, "argument 'policy' is 'maybe'; it must be one of sequence, batch, content, none"), (unknown, (string)bad!["error"]!));
        Assert.Equal(HttpStatusCode.NoContent, same);
        Assert.Equal(["1", "3"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task Clients_find_what_they_ask_before_they_write()
    {
        await using var fixture = await GridFixture.StartAsync();

        using var ping = await fixture.Client.GetAsync("/ping", Cancel);
        var health = await fixture.Client.GetStringAsync("/health", Cancel);
        var settings = await fixture.Client.GetStringAsync("/settings", Cancel);

        Assert.Equal((HttpStatusCode.NoContent, "1.8"), (ping.StatusCode, ping.Headers.GetValues("X-Influxdb-Version").Single()));
        Assert.Contains("\"status\":\"pass\"", health, StringComparison.Ordinal);
        Assert.Contains("\"line.proto.support.versions\":[1]", settings, StringComparison.Ordinal);
    }

    private static (string, string)[] Batch(int number) =>
        [("Grid-Producer", "p"), ("Grid-Epoch", "1"), ("Grid-Batch", number.ToString(CultureInfo.InvariantCulture))];
}

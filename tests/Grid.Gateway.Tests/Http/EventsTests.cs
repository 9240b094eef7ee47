using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Domain.Events;
using Grid.Gateway.Publishing;
using Grid.Testing;

namespace Grid.Gateway.Tests.Http;

public sealed class EventsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/x-ndjson", """
        {"time":"2024-05-01T13:30:00Z","instrument":"A","price":1.5,"size":"2","sequence":1}

        {"time":"2024-05-01T13:30:01Z","instrument":"A","bid":1.25,"sequence":2}
        """)]
    [InlineData("application/json", """
        [ {"time":"2024-05-01T13:30:00Z","instrument":"A","price":1.5,"size":"2","sequence":1},
          {"time":"2024-05-01T13:30:01Z","instrument":"A","bid":1.25,"sequence":2} ]
        """)]
    [InlineData("text/csv; charset=utf-8", """
        time,instrument,price,size,sequence,bid
        2024-05-01T13:30:00Z,A,1.5,2,1,
        2024-05-01T13:30:01Z,"A",,,2,1.25
        """)]
    public async Task Events_of_every_form_are_taken(string type, string body)
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events", Encoding.UTF8.GetBytes(body), type);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"events":2,"accepted":2,"flagged":0,"duplicate":0,"rejected":0,"reasons":[],"malformed":0,"errors":[]}""", answer!.ToJsonString());
        var ticks = await fixture.TicksAsync("A");
        Assert.Equal([EventKind.Trade, EventKind.Quote], ticks.Select(t => t.Kind));
        Assert.Equal(("1.5", "2", 1ul, "1.25"), (ticks[0].Price.ToString(), ticks[0].Size.ToString(), ticks[0].Sequence, ticks[1].BidPrice.ToString()));
    }

    [Fact]
    public async Task Outcomes_are_counted_with_their_reasons()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events?source=x", Encoding.UTF8.GetBytes("""
            time,instrument,sequence,price,size
            2024-05-01,A,1,1,1
            2024-05-01,A,1,1,1
            2024-05-01,A,2,-1,1
            2024-05-01,A,3,1,0
            """), "text/csv");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """{"events":4,"accepted":1,"flagged":1,"duplicate":1,"rejected":1,"reasons":[{"outcome":"flagged","reason":"SizeZero","count":1},{"outcome":"duplicate","reason":"AlreadySeen","count":1},{"outcome":"rejected","reason":"PriceNotPositive","count":1}],"malformed":0,"errors":[]}""",
            answer!.ToJsonString());
    }

    [Fact]
    public async Task Bad_rows_are_told_with_place_field_value_and_rule_and_the_others_stand()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events", Encoding.UTF8.GetBytes("time,instrument,price,size\n2024-05-01,A,1,1\n2024-05-01,A,1.0000000001,1\n2024-05-01,A,1\n"), "text/csv");

        Assert.Equal((HttpStatusCode.BadRequest, "Malformed", 1, 2), (status, (string)answer!["code"]!, (int)answer["accepted"]!, (int)answer["malformed"]!));
        Assert.Equal("line 3: price '1.0000000001' is not a number that can be held exactly; 2 rows are malformed, 1 were taken", (string)answer["detail"]!);
        Assert.Equal(
            """{"line":3,"offset":44,"field":"price","value":"1.0000000001","rule":"a number that can be held exactly","detail":"price \u00271.0000000001\u0027 is not a number that can be held exactly"}""",
            answer["errors"]![0]!.ToJsonString());
        Assert.Equal("the row has 3 columns, not 4", (string)answer["errors"]![1]!["detail"]!);
        Assert.Single(await fixture.TicksAsync("A"));
    }

    [Theory]
    [InlineData("""[{"time":"2024-05-01","instrument":"A","price":1,"size":1},7,{"time":"2024-05-01","instrument":"A","price":1,"size":2}]""", 2, 2, "the item is no JSON object")]
    [InlineData("""[{"time":"2024-05-01","instrument":"A","price":1,"size":1},{"x":"}],["}]""", 1, 2, "'x' is no field of an event")]
    [InlineData("""[{"time":"2024-05-01","instrument":"A","price":1,"size":1}""", 0, 0, "the array is not closed")]
    [InlineData("""[{"time":"2024-05-01","instrument":"A","price":1,"size":1},]""", 1, 2, "the item is no JSON object")]
    [InlineData("""[{"time":"2024-05-01","instrument":"A","price":1,"size":1}] more""", 1, 1, "something stands behind the end of the array")]
    [InlineData("""{"time":"2024-05-01","instrument":"A","price":1,"size":1}""", 0, 0, "the body is no JSON array of objects")]
    [InlineData("", 0, 0, "the body is no JSON array of objects")]
    public async Task Items_of_an_array_stand_or_fall_alone(string body, int taken, int item, string detail)
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events", Encoding.UTF8.GetBytes(body), "application/json");

        Assert.Equal((HttpStatusCode.BadRequest, taken, 1), (status, (int)answer!["accepted"]!, (int)answer["malformed"]!));
        var error = answer["errors"]![0]!;
        Assert.Equal((item, true), ((int)error["item"]!, ((string)error["detail"]!).StartsWith(detail, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_empty_array_is_fine()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events", " [ ]\n"u8.ToArray(), "application/json");

        Assert.Equal((HttpStatusCode.OK, 0), (status, (int)answer!["events"]!));
    }

    [Fact]
    public async Task Large_bodies_are_read_piece_by_piece()
    {
        await using var fixture = await GridFixture.StartAsync();
        var items = Enumerable.Range(1, 30_000).Select(i => $$"""{"time":{{i}},"instrument":"A","price":"1","size":{{i}},"sequence":{{i}}}""").ToList();

        var (array, first, _) = await fixture.PostAsync("/v1/events", Encoding.UTF8.GetBytes($"[{string.Join(",\n", items)}]"), "application/json");
        var (lines, second, _) = await fixture.PostAsync("/v1/events?source=json", GridFixture.Gzip(Encoding.UTF8.GetBytes(string.Join('\n', items))), "application/x-ndjson", "gzip");

        Assert.Equal((HttpStatusCode.OK, 30_000), (array, (int)first!["accepted"]!));
        Assert.Equal((HttpStatusCode.OK, 30_000), (lines, (int)second!["duplicate"]!));
    }

    [Theory]
    [InlineData("application/xml", "the content type is 'application/xml'; application/json (an array of objects), application/x-ndjson and text/csv are understood")]
    [InlineData("text/csv; charset=latin1", "the body is in 'latin1'; it must be UTF-8")]
    [InlineData(null, "the content type is ''; application/json (an array of objects), application/x-ndjson and text/csv are understood")]
    public async Task Other_content_is_refused_with_415(string? type, string detail)
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, problem, _) = await fixture.PostAsync("/v1/events", "x"u8.ToArray(), type);

        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "UnsupportedContent", detail), (status, (string)problem!["code"]!, (string)problem["detail"]!));
    }

    [Theory]
    [InlineData("text/csv", "time,instrument,price,size\n2024-05-01,A,1,1\n2024-05-01,\u00ff,1,1\n", 55, 12)]
    [InlineData("application/x-ndjson", "{\"time\":1,\"instrument\":\"\u00ff\"}\n", 24, 25)]
    public async Task Bytes_that_are_no_UTF8_are_named_with_their_offset(string type, string latin, int offset, int column)
    {
        await using var fixture = await GridFixture.StartAsync();

        var (status, answer, _) = await fixture.PostAsync("/v1/events", Encoding.Latin1.GetBytes(latin), type);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var error = answer!["errors"]![0]!;
        Assert.Equal((offset, column, "byte 0xFF is no UTF-8"), ((int)error["offset"]!, (int)error["column"]!, (string)error["detail"]!));
    }

    [Fact]
    public async Task A_csv_body_whose_header_is_wrong_is_refused_whole()
    {
        await using var fixture = await GridFixture.StartAsync();

        var (_, unknown, _) = await fixture.PostAsync("/v1/events", "time,symbol\n1,A\n2,B\n"u8.ToArray(), "text/csv");
        var (_, empty, _) = await fixture.PostAsync("/v1/events", [], "text/csv");

        Assert.StartsWith("the header has a column 'symbol'; known are kind, time", (string)unknown!["errors"]![0]!["detail"]!, StringComparison.Ordinal);
        Assert.Equal((1, 0), ((int)unknown["malformed"]!, (int)unknown["events"]!));
        Assert.Equal("the body is empty; its first line must name the columns", (string)empty!["errors"]![0]!["detail"]!);
    }

    [Fact]
    public async Task A_retried_batch_is_told_as_duplicate()
    {
        await using var fixture = await GridFixture.StartAsync();
        var body = """{"time":"2024-05-01","instrument":"A","price":1,"size":1}"""u8.ToArray();
        (string, string)[] batch = [("Grid-Producer", "p"), ("Grid-Epoch", "7"), ("Grid-Batch", "1")];

        var (_, first, _) = await fixture.PostAsync("/v1/events", body, "application/x-ndjson", headers: batch);
        var (_, second, _) = await fixture.PostAsync("/v1/events", body, "application/x-ndjson", headers: batch);
        var (status, other, _) = await fixture.PostAsync("/v1/events", """{"time":"2024-05-01","instrument":"A","price":1,"size":2}"""u8.ToArray(), "application/x-ndjson", headers: batch);

        Assert.Equal((1, 0, 0, 1), ((int)first!["accepted"]!, (int)first["duplicate"]!, (int)second!["accepted"]!, (int)second["duplicate"]!));
        Assert.Equal((HttpStatusCode.Conflict, "BatchNumberReused"), (status, (string)other!["code"]!));
        Assert.Equal(["1"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task A_client_that_stops_in_the_middle_of_a_body_keeps_nobody_from_publishing()
    {
        var time = new ManualTime();
        await using var fixture = await HttpFixture.StartAsync(o => o.PublishersMax = 1, time);
        using var slow = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await slow.ConnectAsync(fixture.EndPoint, Cancel);
        var first = """{"time":1,"instrument":"SLOW","price":1,"size":1}""" + "\n";
        await slow.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: {2 * first.Length}\r\n\r\n{first}"), Cancel);

        using var content = new StringContent("""{"time":1,"instrument":"OTHER","price":1,"size":1}""", Encoding.UTF8, "application/x-ndjson");
        var other = fixture.Client.PostAsync("/v1/events", content, Cancel);
        while (!other.IsCompleted || fixture.Grid.Events.Count < 2)
        {
            Cancel.ThrowIfCancellationRequested();
            time.Advance(BodyPump.Stall);
            await Task.Yield();
        }

        await slow.SendAsync(Encoding.ASCII.GetBytes(first), Cancel);
        var answer = new byte[4096];
        var length = await slow.ReceiveAsync(answer, Cancel);

        using var response = await other;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("\"events\":2,\"accepted\":2", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
        Assert.Equal(["OTHER", "SLOW", "SLOW"], fixture.Grid.Events.Select(e => fixture.Grid.Names.Symbol(e.Event.Instrument)).Order());
    }

    [Fact]
    public async Task A_batch_that_stops_in_the_middle_is_refused_and_not_used_up()
    {
        var time = new ManualTime();
        await using var fixture = await HttpFixture.StartAsync(o => o.PublishersMax = 1, time);
        using var slow = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await slow.ConnectAsync(fixture.EndPoint, Cancel);
        var row = """{"time":1,"instrument":"A","price":1,"size":1}""" + "\n";
        await slow.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nGrid-Producer: p\r\nGrid-Epoch: 1\r\nGrid-Batch: 1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 10000\r\n\r\n{row}"), Cancel);

        var answer = new byte[4096];
        var answering = slow.ReceiveAsync(answer, Cancel).AsTask();
        while (!answering.IsCompleted)
        {
            Cancel.ThrowIfCancellationRequested();
            time.Advance(BodyPump.Stall);
            await Task.Yield();
        }

        var text = Encoding.ASCII.GetString(answer, 0, await answering);
        Assert.StartsWith("HTTP/1.1 408 ", text, StringComparison.Ordinal);
        Assert.Contains("the body did not come in time; with a batch number it comes within 30 s and without a pause of 1 s", text, StringComparison.Ordinal);
        Assert.Empty(fixture.Grid.Events);
    }
}

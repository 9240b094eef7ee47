using System.Text;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http.Rows;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Tests.Http;

public sealed class RowBodyTests
{
    private static readonly RowShape Shape = new(
        Column.Text("name", "A", "A name."), Column.Text("text", "a", "A text.").OrNull(), Column.Decimal("sum", "1", "A sum."), Column.Time("time", "A time."), Column.Flag("flag", "A flag."));

    [Theory]
    [InlineData("csv", "name,text,sum,time,flag\n\"a\"\"b,c\\\",\"x\"\"y\",17014118346046923173168730371588.4105727,1969-12-31T23:59:59.999999999Z,true\nplain,,-0.5,1970-01-01T00:00:00.000000000Z,false\n")]
    [InlineData("json", """[{"name":"a\"b,c\\","text":"x\u0022y","sum":"17014118346046923173168730371588.4105727","time":"1969-12-31T23:59:59.999999999Z","flag":true},{"name":"plain","text":null,"sum":"-0.5","time":"1970-01-01T00:00:00.000000000Z","flag":false}]""")]
    [InlineData("ndjson", "{\"name\":\"a\\\"b,c\\\\\",\"text\":\"x\\u0022y\",\"sum\":\"17014118346046923173168730371588.4105727\",\"time\":\"1969-12-31T23:59:59.999999999Z\",\"flag\":true}\n{\"name\":\"plain\",\"text\":null,\"sum\":\"-0.5\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"flag\":false}\n")]
    public async Task Every_kind_of_cell_is_written_in_every_format(string format, string expected)
    {
        var context = new DefaultHttpContext();
        using var sent = new MemoryStream();
        context.Response.Body = sent;
        using var body = new RowBody(context, Enum.Parse<RowFormat>(format, ignoreCase: true), Shape);

        body.Name("a\"b,c\\"u8);
        body.Text("x\"y");
        body.Wide(Int128.MaxValue, 7);
        body.Time(new UnixNanos(-1));
        body.Flag(true);
        await body.EndRowAsync();
        body.Name("plain"u8);
        body.Null();
        body.Wide(-5, 1);
        body.Time(default);
        body.Flag(false);
        await body.EndRowAsync();
        await body.EndAsync();

        Assert.Equal(expected, Encoding.UTF8.GetString(sent.ToArray()));
        Assert.Equal(sent.Length, context.Response.ContentLength);
    }

    [Fact]
    public async Task A_long_body_is_sent_in_pieces_and_without_its_length()
    {
        var context = new DefaultHttpContext();
        using var sent = new MemoryStream();
        context.Response.Body = sent;
        using var body = new RowBody(context, RowFormat.Csv, new RowShape(Column.Text("text", "a", "A text."), Column.Number("number", "1", "A number.")));
        var expected = new StringBuilder("text,number\n");

        for (var i = 0; i < 2000; i++)
        {
            var text = new string((char)('a' + (i % 26)), i * 7 % 3000);
            body.Text(text);
            body.Number((long)i);
            await body.EndRowAsync();
            expected.Append(text).Append(',').Append(i).Append('\n');
        }

        await body.EndAsync();

        Assert.Equal(expected.ToString(), Encoding.UTF8.GetString(sent.ToArray()));
        Assert.Null(context.Response.ContentLength);
    }

    [Fact]
    public async Task A_row_that_lacks_cells_is_refused()
    {
        using var body = new RowBody(new DefaultHttpContext(), RowFormat.Json, Shape);
        body.Name("A"u8);

        var e = await Assert.ThrowsAsync<InvalidOperationException>(async () => await body.EndRowAsync());

        Assert.Equal("a row of 5 columns ends after 1 cells", e.Message);
    }

    [Fact]
    public async Task Rows_are_written_without_allocation()
    {
        var context = new DefaultHttpContext();
        context.Response.Body = Stream.Null;
        using var body = new RowBody(context, RowFormat.Json, Shape);
        var least = long.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                body.Name("a\"b"u8);
                body.Null();
                body.Decimal(i, Price.Scale);
                body.Time(new UnixNanos(i * UnixNanos.PerMinute));
                body.Flag(true);
                await body.EndRowAsync();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}

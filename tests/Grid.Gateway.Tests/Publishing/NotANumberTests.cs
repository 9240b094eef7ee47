using System.Net;
using System.Text;
using Grid.Gateway.Tests.Http;

namespace Grid.Gateway.Tests.Publishing;

/// <summary>No text makes a price or a size of what is no number. Over the binary feed there is no way to say it: its numbers are integers.</summary>
public sealed class NotANumberTests
{
    private static readonly string[] Spellings =
        ["NaN", "nan", "-nan", "nan(0x1)", "Infinity", "-Infinity", "+infinity", "inf", "-inf", "INF", "\u221e", "1e400", "-1e400", "1.#INF", "1.#QNAN", "0x7ff0000000000000"];

    public static TheoryData<string> Bodies => new()
    {
        "/write|text/plain|trade,instrument=A price=10,size={0} 1714570200000000000",
        "/write|text/plain|trade,instrument=A price={0},size=1 1714570200000000000",
        "/write|text/plain|quote,instrument=A bid=\"{0}\",ask=2 1714570200000000000",
        "/write|text/plain|run,cusip=037833100 bid=99,bid_yield={0} 1714570200000000000",
        "/v1/events|text/csv|kind,time,instrument,price,size\ntrade,2024-05-01,A,{0},1",
        "/v1/events|text/csv|kind,time,instrument,bid,bid_size\nquote,2024-05-01,A,1,{0}",
        "/v1/events|application/x-ndjson|{{\"time\":\"2024-05-01\",\"instrument\":\"A\",\"price\":{0},\"size\":1}}",
        "/v1/events|application/x-ndjson|{{\"time\":\"2024-05-01\",\"instrument\":\"A\",\"price\":1,\"size\":\"{0}\"}}",
        "/v1/events|application/json|[{{\"time\":\"2024-05-01\",\"instrument\":\"A\",\"ask\":{0}}}]",
        "/v1/events|application/json|[{{\"time\":\"2024-05-01\",\"instrument\":\"A\",\"ask\":\"{0}\"}}]",
        "/v1/instruments|application/json|[{{\"symbol\":\"A\",\"tick_size\":\"{0}\"}}]",
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task No_text_is_taken_for_a_number_that_is_none(string form)
    {
        await using var fixture = await GridFixture.StartAsync();
        var (path, type, body) = form.Split('|') is [var p, var t, var b] ? (p, t, b) : throw new ArgumentException(form);
        foreach (var spelling in Spellings)
        {
            var text = Encoding.UTF8.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, body, spelling));
            var (status, answer) = path == "/v1/instruments" ? await PutAsync(fixture, path, text) : await PostAsync(fixture, path, text, type);
            Assert.True(status == HttpStatusCode.BadRequest || answer.Contains("\"malformed\":1", StringComparison.Ordinal) || answer.StartsWith("{\"accepted\":0", StringComparison.Ordinal), $"{spelling}: {status} {answer}");
        }

        Assert.Equal(0, fixture.Grid.GetStatus().EventsReceived);
    }

    private static async Task<(HttpStatusCode Status, string Answer)> PostAsync(GridFixture fixture, string path, byte[] body, string type)
    {
        var (status, answer, _) = await fixture.PostAsync(path, body, type);
        return (status, answer?.ToJsonString() ?? string.Empty);
    }

    private static async Task<(HttpStatusCode Status, string Answer)> PutAsync(GridFixture fixture, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new("application/json");
        using var response = await fixture.Client.PutAsync(path, content, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

using System.Text;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Tests.Http;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(1_700_000_000_123_456_789)]
    [InlineData(-1_000_000_000)]
    [InlineData(9_000_000_000_000_000_000)]
    [InlineData(-9_000_000_000_000_000_000)]
    public void A_time_is_written_as_everywhere_else(long ns)
    {
        var buffer = new byte[100];
        var text = new JsonText(buffer);

        text.Time(""u8, new UnixNanos(ns));

        Assert.Equal($"\"{new UnixNanos(ns)}\"", Encoding.ASCII.GetString(buffer, 0, text.Length));
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("1", "0.00000001")]
    [InlineData("-1", "-0.00000001")]
    [InlineData("100000000", "1")]
    [InlineData("-150000000", "-1.5")]
    [InlineData("170141183460469231731687303715884105727", "1701411834604692317316873037158.84105727")]
    [InlineData("-170141183460469231731687303715884105727", "-1701411834604692317316873037158.84105727")]
    public void A_sum_is_written_exactly(string raw, string expected)
    {
        var buffer = new byte[100];
        var text = new JsonText(buffer);

        text.Wide(Int128.Parse(raw), Quantity.Scale);

        Assert.Equal(expected, Encoding.ASCII.GetString(buffer, 0, text.Length));
        Assert.Equal(expected, WideDecimal.Text(Int128.Parse(raw), Quantity.Scale));
    }

    [Fact]
    public void Every_printable_name_is_valid_json()
    {
        for (var c = '!'; c <= '~'; c++)
        {
            var buffer = new byte[10];
            var name = new[] { (byte)c };
            var text = new JsonText(buffer);
            text.Raw("\""u8);
            text.Name(name);
            text.Raw("\""u8);

            Assert.Equal(c.ToString(), System.Text.Json.JsonSerializer.Deserialize<string>(buffer.AsSpan(0, text.Length)));
        }
    }
}

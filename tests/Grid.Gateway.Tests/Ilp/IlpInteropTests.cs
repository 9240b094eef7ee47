using System.Globalization;
using System.Text;
using System.Text.Json;
using Grid.Domain.Identifiers;
using Grid.Gateway.Ilp;
using Grid.Testing;

namespace Grid.Gateway.Tests.Ilp;

/// <summary>
/// The cases that QuestDB's clients are tested with. What a client must write is read back to exactly the table, symbols and
/// columns that it was made from; what a client must refuse to write has no line.
/// </summary>
public sealed class IlpInteropTests
{
    [Fact]
    public void Every_line_that_clients_write_is_read_as_what_it_was_made_from()
    {
        var path = SharedData.Require("ilp", "ilp-client-interop-test.json");
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var cases = 0;
        var lines = 0;
        foreach (var item in document.RootElement.EnumerateArray())
        {
            cases++;
            var result = item.GetProperty("result");
            if (result.GetProperty("status").GetString() == "ERROR")
            {
                Assert.False(result.TryGetProperty("line", out _));
                continue;
            }

            foreach (var line in Lines(result))
            {
                lines++;
                AssertSame(item, line);
            }
        }

        Assert.True(cases >= 109, $"{cases} cases");
        Assert.True(lines >= 13, $"{lines} lines");
    }

    [Fact]
    public void Lines_are_cut_where_they_end_and_not_inside_text_or_binary()
    {
        var path = SharedData.Require("ilp", "ilp-client-interop-test.json");
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var rows = new IlpRows(IlpMapping.BuiltIn, 1, TimeProvider.System);
        foreach (var item in document.RootElement.EnumerateArray().Where(i => i.GetProperty("result").GetProperty("status").GetString() == "SUCCESS"))
        {
            foreach (var line in Lines(item.GetProperty("result")))
            {
                byte[] twice = [.. line, (byte)'\n', .. line, (byte)'\n'];

                Assert.Equal(line.Length + 1, rows.FindEnd(twice));
                for (var length = 0; length <= line.Length; length++)
                {
                    Assert.Equal(0, rows.FindEnd(twice.AsSpan(0, length)));
                }
            }
        }
    }

    private static IEnumerable<byte[]> Lines(JsonElement result)
    {
        if (result.TryGetProperty("line", out var line))
        {
            yield return Encoding.UTF8.GetBytes(line.GetString()!);
        }

        if (result.TryGetProperty("anyLines", out var any))
        {
            foreach (var one in any.EnumerateArray())
            {
                yield return Encoding.UTF8.GetBytes(one.GetString()!);
            }
        }

        if (result.TryGetProperty("binaryBase64", out var binary))
        {
            yield return Convert.FromBase64String(binary.GetString()!)[..^1];
        }
    }

    private static void AssertSame(JsonElement item, byte[] text)
    {
        var name = item.GetProperty("testName").GetString();
        var line = new IlpLine(text, new byte[IlpLine.ScratchBytes(text.Length)]);
        Assert.True(line.TryReadMeasurement(out var table), name);
        Assert.Equal(item.GetProperty("table").GetString(), Encoding.UTF8.GetString(table));
        foreach (var symbol in item.GetProperty("symbols").EnumerateArray())
        {
            Assert.True(line.TryReadTag(out var key, out var value), name);
            Assert.Equal(symbol.GetProperty("name").GetString(), Encoding.UTF8.GetString(key));
            Assert.Equal(symbol.GetProperty("value").GetString(), Encoding.UTF8.GetString(value));
        }

        Assert.False(line.TryReadTag(out _, out _), name);
        foreach (var column in item.GetProperty("columns").EnumerateArray())
        {
            Assert.True(line.TryReadField(out var key, out var value), $"{name}: {line.Problem}");
            Assert.Equal(column.GetProperty("name").GetString(), Encoding.UTF8.GetString(key));
            AssertSame(column, value.Type, Encoding.UTF8.GetString(value.Text));
        }

        Assert.False(line.TryReadField(out _, out _), name);
        Assert.False(line.TryReadTime(out _), name);
        Assert.Null(line.Problem);
    }

    private static void AssertSame(JsonElement column, IlpType type, string text)
    {
        var value = column.GetProperty("value");
        switch (column.GetProperty("type").GetString())
        {
            case "STRING":
                Assert.Equal((IlpType.Text, value.GetString()), (type, text));
                break;
            case "LONG":
                Assert.Equal((IlpType.Integer, value.GetRawText()), (type, text));
                break;
            case "BOOLEAN":
                Assert.Equal((IlpType.Boolean, value.GetRawText()), (type, text));
                break;
            case "DOUBLE":
                Assert.Equal(IlpType.Float, type);
                Assert.Equal(value.GetDouble(), double.Parse(text, CultureInfo.InvariantCulture));
                break;
            default:
                Assert.Equal(IlpType.Decimal, type);
                Assert.True(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), 3, out var found), text);
                Assert.True(FixedPoint.TryParse(Encoding.UTF8.GetBytes(value.GetString()!), 3, out var expected));
                Assert.Equal(expected, found);
                break;
        }
    }
}

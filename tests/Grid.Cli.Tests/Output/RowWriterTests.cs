using System.Text.Json;
using Grid.Cli.Output;

namespace Grid.Cli.Tests.Output;

public sealed class RowWriterTests
{
    private static readonly string[] Columns = ["name", "price", "count"];
    private static readonly Cell[][] Rows = [["a,\"b\"", "1.50", 3], ["c[red]", null, 4]];

    [Fact]
    public void Csv_quotes_what_needs_it_and_leaves_absent_values_empty() =>
        Assert.Equal("name,price,count\n\"a,\"\"b\"\"\",1.50,3\nc[red],,4\n", Written(RowFormat.Csv, Rows));

    [Fact]
    public void Json_shows_prices_as_strings_and_counts_as_numbers()
    {
        using var json = JsonDocument.Parse(Written(RowFormat.Json, Rows));

        Assert.Equal("a,\"b\"", json.RootElement[0].GetProperty("name").GetString());
        Assert.Equal("1.50", json.RootElement[0].GetProperty("price").GetString());
        Assert.Equal(3, json.RootElement[0].GetProperty("count").GetInt32());
        Assert.Equal(JsonValueKind.Null, json.RootElement[1].GetProperty("price").ValueKind);
    }

    [Fact]
    public void Json_without_rows_is_an_empty_array() => Assert.Equal("[]\n", Written(RowFormat.Json, []));

    [Fact]
    public void Table_shows_text_as_it_is_and_never_folds_in_a_file()
    {
        var text = Written(RowFormat.Table, [[new string('x', 300), "1", 2], .. Rows]);

        Assert.Contains(new string('x', 300), text, StringComparison.Ordinal);
        Assert.Contains("c[red]", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    private static string Written(RowFormat format, Cell[][] rows)
    {
        var output = new StringWriter();
        RowWriter.Write(format, output, isTerminal: false, Columns, rows);
        return output.ToString();
    }
}

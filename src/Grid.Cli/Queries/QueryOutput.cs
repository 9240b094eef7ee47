using System.Text;
using System.Text.Json;
using Grid.Cli.Feeds;
using Grid.Cli.Output;
using Grid.Client.Query;
using Grid.Gateway.Rows;

namespace Grid.Cli.Queries;

/// <summary>Prints what a server answered.</summary>
internal static class QueryOutput
{
    private const string CompleteHeader = "Grid-Complete";
    private const string NextHeader = "Grid-Next";
    private const string PendingHeader = "Grid-Amendment-Pending";

    // All columns that latest may have, so that they are the same whatever is known.
    private static readonly string[] LatestColumns =
    [
        "instrument", "price", "size", "bid", "bid_size", "ask", "ask_size", "time", "trade_time", "venue",
        "day_date", "day_open", "day_high", "day_low", "day_volume", "day_count",
    ];

    /// <summary>Prints rows that the server gives as CSV or JSON itself, as they come. For a table they are read first.</summary>
    public static async Task WriteRowsAsync(QueryClient server, string path, IEnumerable<(string Name, string? Value)> arguments, RowFormat format, CancellationToken cancel)
    {
        using var answer = await server.OpenAsync(path, [.. arguments, ("format", format == RowFormat.Json ? "json" : "csv")], cancel);
        if (format == RowFormat.Table)
        {
            WriteTable(await answer.Content.ReadAsStreamAsync(cancel));
        }
        else
        {
            await using var output = Console.OpenStandardOutput();
            await answer.Content.CopyToAsync(output, cancel);
            await output.WriteAsync(format == RowFormat.Json ? "\n"u8.ToArray() : Array.Empty<byte>(), cancel);
        }

        if (answer.Headers.Contains(NextHeader))
        {
            Warn(answer, NextHeader, null, "there are more rows; --limit or --from shows them");
        }
        else
        {
            Warn(answer, CompleteHeader, "false", "older rows of the range may have left the hot store");
        }

        Warn(answer, PendingHeader, "true", "a cancel or correction of older trades is still to be applied");
    }

    /// <summary>Asks for an answer that is JSON, whole.</summary>
    /// <exception cref="CommandFailure">It is not.</exception>
    public static async Task<JsonDocument> ReadJsonAsync(QueryClient server, string path, IEnumerable<(string Name, string? Value)> arguments, CancellationToken cancel)
    {
        using var answer = await server.OpenAsync(path, arguments, cancel);
        try
        {
            return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
        }
        catch (JsonException e)
        {
            throw new CommandFailure($"the server {server.Address} answered something that is no JSON: {e.Message}", e);
        }
    }

    /// <summary>Prints what is known of instruments; the day's statistics become columns of their own.</summary>
    public static void WriteLatest(JsonElement array, RowFormat format) => WriteArray(array, format, LatestColumns);

    private static void WriteArray(JsonElement array, RowFormat format, IEnumerable<string> known)
    {
        if (format == RowFormat.Json)
        {
            Console.Out.WriteLine(array.GetRawText());
            return;
        }

        var columns = known.ToList();
        var rows = new List<Dictionary<string, Cell>>();
        foreach (var item in array.EnumerateArray())
        {
            var row = new Dictionary<string, Cell>();
            Flatten(item, string.Empty, columns, row);
            rows.Add(row);
        }

        RowWriter.Write(
            format, Console.Out, !Console.IsOutputRedirected, columns, rows.Select(row => (IReadOnlyList<Cell>)[.. columns.Select(c => row.GetValueOrDefault(c))]));
    }

    /// <summary>Prints an object as rows of name and value, or as it is. A list in it that is named by <paramref name="rows"/> becomes a table below.</summary>
    public static void WriteObject(JsonElement item, RowFormat format, string? rows = null)
    {
        if (format == RowFormat.Json)
        {
            Console.Out.WriteLine(item.GetRawText());
            return;
        }

        var names = new List<string>();
        var row = new Dictionary<string, Cell>();
        Flatten(item, string.Empty, names, row, except: rows);
        RowWriter.Write(format, Console.Out, !Console.IsOutputRedirected, ["name", "value"], names.Select(n => (IReadOnlyList<Cell>)[n, row[n]]));
        if (rows is not null && item.GetProperty(rows) is var list && list.GetArrayLength() > 0)
        {
            Console.Out.WriteLine();
            WriteArray(list, format, []);
        }
    }

    private static void WriteTable(Stream csv)
    {
        using var lines = new LineReader(csv);
        var fields = new CsvFields();
        var rows = new List<IReadOnlyList<Cell>>();
        while (lines.TryRead(out var line))
        {
            var row = new List<Cell>();
            var isLast = false;
            while (!isLast && fields.TryTake(ref line, out var field, out isLast))
            {
                row.Add(Encoding.UTF8.GetString(field));
            }

            rows.Add(row);
        }

        RowWriter.Write(RowFormat.Table, Console.Out, !Console.IsOutputRedirected, [.. rows[0].Select(c => c.Text!)], rows.Skip(1));
    }

    private static void Flatten(JsonElement item, string prefix, List<string> columns, Dictionary<string, Cell> row, string? except = null)
    {
        foreach (var member in item.EnumerateObject().Where(m => m.Name != except))
        {
            var name = prefix + member.Name;
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Object:
                    Flatten(member.Value, name + "_", columns, row);
                    break;
                case JsonValueKind.Array:
                    foreach (var inner in member.Value.EnumerateArray())
                    {
                        AddListed(inner, columns, row);
                    }

                    break;
                default:
                    Add(name, new Cell(member.Value.ValueKind == JsonValueKind.Null ? null : member.Value.ToString(), member.Value.ValueKind == JsonValueKind.Number), columns, row);
                    break;
            }
        }
    }

    // An item of a list is called by its texts, its value is its number: {"outcome":"flagged","reason":"Crossed","count":3}.
    private static void AddListed(JsonElement item, List<string> columns, Dictionary<string, Cell> row)
    {
        var name = string.Join('_', item.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.String).Select(m => m.Value.ToString()));
        var number = item.EnumerateObject().Where(m => m.Value.ValueKind == JsonValueKind.Number).Select(m => m.Value.ToString()).FirstOrDefault();
        Add(name, new Cell(number, IsNumber: true), columns, row);
    }

    private static void Add(string name, Cell cell, List<string> columns, Dictionary<string, Cell> row)
    {
        if (!columns.Contains(name))
        {
            columns.Add(name);
        }

        row[name] = cell;
    }

    // Any value will do where none is named.
    private static void Warn(HttpResponseMessage answer, string header, string? value, string warning)
    {
        if (answer.Headers.TryGetValues(header, out var values) && (value is null || values.Contains(value)))
        {
            Console.Error.WriteLine($"grid: {warning}");
        }
    }
}

using System.Text.Json;
using Spectre.Console;

namespace Grid.Cli.Output;

/// <summary>How a command prints its rows.</summary>
internal enum RowFormat
{
    /// <summary>For people.</summary>
    Table,

    /// <summary>One array of objects; what is text or an exact decimal is a string, a count is a number, what is absent is null.</summary>
    Json,

    /// <summary>A header and one line per row; what is absent is empty.</summary>
    Csv,
}

/// <summary>One value of a row.</summary>
/// <param name="Text">Null if it is absent.</param>
/// <param name="IsNumber">True if JSON shows it as a number: counts and positions, never prices.</param>
internal readonly record struct Cell(string? Text, bool IsNumber = false)
{
    /// <summary>A text or an exact decimal.</summary>
    public static implicit operator Cell(string? text) => new(text);

    /// <summary>A count.</summary>
    public static implicit operator Cell(long count) => new(count.ToString(System.Globalization.CultureInfo.InvariantCulture), IsNumber: true);
}

/// <summary>Prints rows of named columns.</summary>
internal static class RowWriter
{
    // Wide enough that a table written to a file is never folded.
    private const int WidthOfFiles = 1_000;

    /// <summary>Prints all rows.</summary>
    public static void Write(RowFormat format, TextWriter output, bool isTerminal, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        switch (format)
        {
            case RowFormat.Csv:
                WriteCsv(output, columns, rows);
                break;
            case RowFormat.Json:
                WriteJson(output, columns, rows);
                break;
            default:
                WriteTable(output, isTerminal, columns, rows);
                break;
        }
    }

    private static void WriteCsv(TextWriter output, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        output.Write(string.Join(',', columns.Select(Quoted)));
        output.Write('\n');
        foreach (var row in rows)
        {
            output.Write(string.Join(',', row.Select(c => Quoted(c.Text))));
            output.Write('\n');
        }
    }

    private static void WriteJson(TextWriter output, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        var separator = "[\n";
        foreach (var row in rows)
        {
            output.Write(separator);
            output.Write("  {");
            output.Write(string.Join(", ", columns.Select((column, i) => $"{Literal(column)}: {Literal(row[i])}")));
            output.Write('}');
            separator = ",\n";
        }

        output.Write(separator == "[\n" ? "[]\n" : "\n]\n");
    }

    private static void WriteTable(TextWriter output, bool isTerminal, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        if (!isTerminal)
        {
            console.Profile.Width = WidthOfFiles;
            console.Profile.Capabilities.Unicode = false;
        }

        var cells = rows.ToList();
        var table = new Table { Border = TableBorder.Simple };
        for (var i = 0; i < columns.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(columns[i]));
            table.AddColumn(cells.TrueForAll(r => IsNumeric(r[i])) ? column.RightAligned() : column.LeftAligned());
        }

        foreach (var row in cells)
        {
            table.AddRow(row.Select(c => Markup.Escape(c.Text ?? string.Empty)).ToArray());
        }

        console.Write(table);
    }

    private static bool IsNumeric(Cell cell) => string.IsNullOrEmpty(cell.Text) || cell.IsNumber
        || decimal.TryParse(cell.Text, System.Globalization.CultureInfo.InvariantCulture, out _);

    private static string Quoted(string? text) => text is null ? string.Empty
        : text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;

    private static string Literal(Cell cell) => cell.Text is null ? "null" : cell.IsNumber ? cell.Text : Literal(cell.Text);

    private static string Literal(string text) => $"\"{JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}

using System.CommandLine;
using Grid.Cli.Output;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Text;

namespace Grid.Cli.Commands;

/// <summary><c>grid parquet schema|cat|stat</c>: shows what a Parquet file holds, whoever wrote it.</summary>
internal static class ParquetCommand
{
    // A table is laid out whole, so it is not for all rows of a large file.
    private const int TableRowsMax = 1_000;

    private static readonly Argument<string> FileArgument = new("FILE") { Description = "the file" };
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();
    private static readonly Option<string?> Columns = new("--columns") { Description = "the columns that are wanted, with commas between; all unless given", HelpName = "A,B" };
    private static readonly Option<long> Limit = CommandLine.NumberOption("--limit", $"how many rows; all unless given, {TableRowsMax} in a table", 0, long.MaxValue, long.MaxValue);

    public static Command Create()
    {
        var schema = new Command("schema", "List the columns") { FileArgument, Format };
        schema.SetAction(Schema);
        var cat = new Command("cat", "Print the rows") { FileArgument, Columns, Limit, Format };
        cat.SetAction(Cat);
        var stat = new Command("stat", "Say of each column of each row group how it is written and what it holds") { FileArgument, Format };
        stat.SetAction(Stat);
        return new Command("parquet", "Show what a Parquet file holds, whoever wrote it") { schema, cat, stat };
    }

    private static int Schema(ParseResult line)
    {
        using var file = Open(line);
        Write(line, ["column", "type", "logical", "nulls", "note"], file.Schema.Columns.Select(c => (IReadOnlyList<Cell>)
        [
            c.Name,
            c.Type == PhysicalType.FixedLenByteArray ? $"{c.Type}({c.TypeLength})" : c.Type.ToString(),
            c.Logical.ToString(),
            c.IsOptional ? "optional" : "none",
            c.WhyNotReadable is { } why ? $"cannot be read: {why}" : null,
        ]));
        return 0;
    }

    private static int Cat(ParseResult line)
    {
        using var file = Open(line);
        var wanted = line.GetValue(Columns)?.Split(',');
        var reader = file.Read(wanted);
        foreach (var column in file.Schema.Columns.Where(c => c.WhyNotReadable is not null))
        {
            Console.Error.WriteLine($"grid: column '{column.Name}' cannot be read: {column.WhyNotReadable}; it is left out");
        }

        var limit = line.GetValue(Limit);
        if (limit == long.MaxValue && (line.GetValue(Format) ?? RowFormat.Table) == RowFormat.Table && file.Rows > TableRowsMax)
        {
            limit = TableRowsMax;
            Console.Error.WriteLine($"grid: the first {TableRowsMax} of {file.Rows} rows; --limit shows more");
        }

        Write(line, [.. reader.Columns.Select(c => c.Name)], Rows(reader, limit));
        return 0;
    }

    private static int Stat(ParseResult line)
    {
        using var file = Open(line);
        Console.Error.WriteLine($"{file.Rows} rows in {file.RowGroups} row groups, written by {file.CreatedBy ?? "an unnamed program"}");
        Write(
            line,
            ["row_group", "column", "rows", "nulls", "min", "max", "codec", "encodings", "bytes", "uncompressed", "pages", "page_bounds", "bloom_filter"],
            file.Summaries().Select(s => (IReadOnlyList<Cell>)
            [
                s.RowGroup, s.Column.Name, s.Rows, Count(s.Nulls), s.Min, s.Max, s.Codec.ToString(), s.Encodings, s.CompressedBytes, s.UncompressedBytes, Count(s.Pages),
                s.HasPageBounds ? "yes" : "no", s.HasBloomFilter ? "yes" : "no",
            ]));
        return 0;
    }

    private static IEnumerable<IReadOnlyList<Cell>> Rows(ParquetReader reader, long limit)
    {
        for (var left = limit; left > 0 && reader.NextBatch(); left -= reader.Rows)
        {
            for (var row = 0; row < Math.Min(left, reader.Rows); row++)
            {
                yield return Row(reader, row);
            }
        }
    }

    private static Cell[] Row(ParquetReader reader, int row)
    {
        var cells = new Cell[reader.Columns.Count];
        for (var i = 0; i < cells.Length; i++)
        {
            var slice = reader[i];
            if (!slice.IsNull(row))
            {
                var (text, isLiteral) = ValueText.Format(slice.Column, slice.Bytes(row));
                cells[i] = new Cell(text, isLiteral);
            }
        }

        return cells;
    }

    private static Cell Count(long? count) => count is { } c ? c : default(Cell);

    private static void Write(ParseResult line, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<Cell>> rows) =>
        RowWriter.Write(line.GetValue(Format) ?? RowFormat.Table, Console.Out, !Console.IsOutputRedirected, columns, rows);

    private static ParquetFile Open(ParseResult line)
    {
        var path = line.GetValue(FileArgument)!;
        return File.Exists(path) ? ParquetFile.Open(path) : throw new CommandFailure($"there is no file '{path}'");
    }
}

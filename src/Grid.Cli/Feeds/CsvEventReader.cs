using System.Text;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads events from CSV files whose first line names the columns (<see cref="EventColumns"/>). Fields may stand in double
/// quotes; a quote inside is doubled; a field has no line break.
/// </summary>
internal sealed class CsvEventReader : TextEventReader
{
    private readonly CsvFields _fields = new();

    // _columns[i] is what the i-th field of a line is.
    private EventColumn[] _columns = [];

    /// <summary>Opens the first file.</summary>
    /// <exception cref="CommandFailure">It cannot be read or its header is wrong.</exception>
    public CsvEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering)
        : base(paths, defaultSource, numbering) => Start();

    protected override void BeginFile(string path, LineReader lines)
    {
        if (!lines.TryRead(out var header))
        {
            throw new CommandFailure($"'{path}' is empty; its first line must name the columns");
        }

        if (header.StartsWith(Encoding.UTF8.Preamble))
        {
            header = header[Encoding.UTF8.Preamble.Length..];
        }

        var columns = new List<EventColumn>();
        foreach (var range in header.Split((byte)','))
        {
            var name = header[range].Trim(" \""u8);
            if (!EventColumns.TryFind(name, out var column))
            {
                throw new CommandFailure($"'{path}' has a column '{Encoding.UTF8.GetString(name)}'; known are {string.Join(", ", EventColumns.Names)}");
            }

            if (columns.Contains(column))
            {
                throw new CommandFailure($"'{path}' has two columns '{EventColumns.Names[(int)column]}'");
            }

            columns.Add(column);
        }

        _columns = [.. columns];
    }

    protected override string? ParseLine(ReadOnlySpan<byte> line, EventRow row)
    {
        var rest = line;
        var isLast = false;
        for (var i = 0; i < _columns.Length; i++)
        {
            if (isLast)
            {
                return $"the row has {i} columns, not {_columns.Length}";
            }

            if (!_fields.TryTake(ref rest, out var field, out isLast))
            {
                return $"column {i + 1} has no closing quote before its end";
            }

            if (row.Set(_columns[i], field) is { } fault)
            {
                return fault;
            }
        }

        return isLast ? null : $"the row has more than {_columns.Length} columns";
    }
}

using System.Text;

namespace Grid.Gateway.Rows;

/// <summary>
/// Reads rows of CSV whose first line names the columns (<see cref="EventColumns"/>). Fields may stand in double quotes; a
/// quote inside is doubled; a field has no line break.
/// </summary>
public sealed class CsvRows
{
    private readonly CsvFields _fields = new();

    // _columns[i] is what the i-th field of a line is.
    private EventColumn[] _columns = [];

    /// <summary>Takes the first line; gives null or what is wrong.</summary>
    public RowFault? Begin(ReadOnlySpan<byte> header)
    {
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
                var shown = RowFault.Shown(name);
                return new RowFault($"a column '{shown}'; known are {string.Join(", ", EventColumns.Names)}", shown);
            }

            if (columns.Contains(column))
            {
                return new RowFault($"two columns '{EventColumns.Names[(int)column]}'", EventColumns.Names[(int)column]);
            }

            columns.Add(column);
        }

        _columns = [.. columns];
        return null;
    }

    /// <summary>Sets the fields of a row from one line; gives null or what is wrong.</summary>
    public RowFault? Parse(ReadOnlySpan<byte> line, EventRow row)
    {
        var rest = line;
        var isLast = false;
        for (var i = 0; i < _columns.Length; i++)
        {
            if (isLast)
            {
                return new RowFault($"the row has {i} columns, not {_columns.Length}");
            }

            if (!_fields.TryTake(ref rest, out var field, out isLast))
            {
                return new RowFault($"column {i + 1} has no closing quote before its end", EventColumns.Names[(int)_columns[i]]);
            }

            if (row.Set(_columns[i], field) is { } fault)
            {
                return fault;
            }
        }

        return isLast ? null : new RowFault($"the row has more than {_columns.Length} columns");
    }
}

using System.Text;
using Grid.Domain.Events;
using Grid.Gateway.Rows;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Reading;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Text;

namespace Grid.Cli.Feeds;

/// <summary>
/// Reads events from Parquet files whose columns have the names of CSV's (<see cref="EventColumns"/>), one file after the other. The
/// number of a row in its file stands for the line number.
/// </summary>
internal sealed class ParquetEventReader : EventReader
{
    private readonly IReadOnlyList<string> _paths;
    private readonly EventRow _row;
    private readonly CancellationToken _cancel;

    // _columns[i] is what the i-th column of the file is.
    private EventColumn[] _columns = [];
    private ParquetFile? _file;
    private ParquetReader? _reader;
    private int _filesOpened;
    private int _next;
    private long _rowNumber;

    /// <summary>Looks at all files, so that a wrong one is told before anything is sent.</summary>
    /// <exception cref="CommandFailure">One does not exist or has other columns.</exception>
    public ParquetEventReader(IReadOnlyList<string> paths, string defaultSource, NameNumbering numbering, CancellationToken cancel = default)
    {
        (_paths, _cancel) = (paths, cancel);
        _row = new EventRow(defaultSource, numbering);
        foreach (var path in paths)
        {
            using var file = Open(path);
            _ = ColumnsOf(path, file);
        }
    }

    public override int Read(EventBatch batch, int countMax)
    {
        var count = 0;
        while (count < countMax && GoToRow())
        {
            _cancel.ThrowIfCancellationRequested();
            _rowNumber++;
            if (TryParse(_next++))
            {
                Add(batch);
                count++;
            }
        }

        EventsRead += count;
        return count;
    }

    public override void Dispose() => _file?.Dispose();

    // Goes to the next batch of rows, or file, where one has ended; false at the end of the last.
    private bool GoToRow()
    {
        while (_reader is null || _next == _reader.Rows)
        {
            _next = 0;
            if (_reader is not null && _reader.NextBatch())
            {
                continue;
            }

            _file?.Dispose();
            (_file, _reader) = (null, null);
            if (_filesOpened == _paths.Count)
            {
                return false;
            }

            var path = _paths[_filesOpened++];
            _file = Open(path);
            _columns = ColumnsOf(path, _file);
            _reader = _file.Read();
            _rowNumber = 0;
        }

        return true;
    }

    private bool TryParse(int row)
    {
        _row.Clear();
        RowFault? fault = null;
        for (var i = 0; i < _columns.Length && fault is null; i++)
        {
            var slice = _reader![i];
            if (!slice.IsNull(row))
            {
                fault = _row.Set(_columns[i], Text(slice, row));
            }
        }

        if ((fault ?? _row.Finish()) is { } wrong)
        {
            Malformed(_paths[_filesOpened - 1], _rowNumber, wrong.Message);
            return false;
        }

        return true;
    }

    private void Add(EventBatch batch)
    {
        if (_row.Event.Kind == EventKind.Run)
        {
            batch.Add(in _row.Event, _row.Run);
        }
        else
        {
            batch.Add(in _row.Event);
        }
    }

    // Texts are taken as they are. A time of no zone is taken for UTC, as it is in text.
    private static ReadOnlySpan<byte> Text(ColumnSlice slice, int row)
    {
        if (slice.Column.Logical.Kind == LogicalKind.String)
        {
            return slice.Bytes(row);
        }

        var isLocal = slice.Column.Type == PhysicalType.Int96 || slice.Column.Logical is { Kind: LogicalKind.Timestamp, IsUtc: false };
        var (text, _) = ValueText.Format(slice.Column, slice.Bytes(row));
        return Encoding.UTF8.GetBytes(isLocal ? text + "Z" : text);
    }

    private static ParquetFile Open(string path)
    {
        TextEventReader.RequireFiles([path]);
        return path == TextEventReader.StandardInput ? throw new CommandFailure("Parquet is not read from standard input") : ParquetFile.Open(path);
    }

    private static EventColumn[] ColumnsOf(string path, ParquetFile file) =>
    [
        .. file.Schema.Columns.Select(c => EventColumns.TryFind(Encoding.UTF8.GetBytes(c.Name), out var column)
            ? column
            : throw new CommandFailure($"'{path}' has a column '{c.Name}'; known are {string.Join(", ", EventColumns.Names)}")),
    ];
}

using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Reading;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet;

/// <summary>
/// Reads rows of some columns of a file, batch by batch. A batch ends where a page of one of the columns ends, so that nothing is
/// copied; memory holds a page and a dictionary of each column.
/// </summary>
public sealed class ParquetReader
{
    // Where each column is long or one page is all there is, a batch still fits a cache.
    private const int BatchRowsMax = 1 << 13;

    private readonly ParquetFile _file;
    private readonly RowSelection _selection;
    private readonly ColumnCursor[] _cursors;
    private readonly Queue<RowSpan> _spans = new();

    private int _group = -1;
    private RowSpan _span;

    internal ParquetReader(ParquetFile file, IReadOnlyList<ParquetColumn> columns, IReadOnlyList<ParquetRange> ranges)
    {
        _file = file;
        Columns = columns;
        _selection = new RowSelection(file, ranges);
        _cursors = new ColumnCursor[columns.Count];
    }

    /// <summary>The columns that are read.</summary>
    public IReadOnlyList<ParquetColumn> Columns { get; }

    /// <summary>Rows of the batch.</summary>
    public int Rows { get; private set; }

    /// <summary>A column of the batch; it holds until <see cref="NextBatch"/>.</summary>
    public ColumnSlice this[int column] => _cursors[column].Slice(Rows);

    /// <summary>Reads the next batch, false behind the last row.</summary>
    /// <exception cref="GridStorageException">The file is damaged or not supported; the message says where and how.</exception>
    public bool NextBatch()
    {
        _span = _span with { Start = _span.Start + Rows };
        Rows = 0;
        while (_span.IsEmpty)
        {
            if (_spans.TryDequeue(out _span))
            {
                continue;
            }

            if (++_group >= _file.Footer.RowGroups.Count)
            {
                _group = _file.Footer.RowGroups.Count;
                _span = default;
                return false;
            }

            Open(_group);
        }

        var rows = (int)Math.Min(BatchRowsMax, _span.End - _span.Start);
        foreach (var cursor in _cursors)
        {
            cursor.MoveTo(_span.Start);
            rows = Math.Min(rows, cursor.Available);
        }

        Rows = rows;
        return true;
    }

    private void Open(int group)
    {
        foreach (var span in _selection.Of(group))
        {
            _spans.Enqueue(span);
        }

        if (_spans.Count == 0)
        {
            return;
        }

        // Without pages to pass over an index would only be one more thing to read.
        var isWhole = _spans.Count == 1 && _spans.Peek() == new RowSpan(0, _file.Footer.RowGroups[group].Rows);
        for (var i = 0; i < _cursors.Length; i++)
        {
            OffsetIndex? index = isWhole ? null : _file.ReadOffsetIndex(group, Columns[i]);
            _cursors[i] = new ColumnCursor(_file, Columns[i], group, index);
        }
    }
}

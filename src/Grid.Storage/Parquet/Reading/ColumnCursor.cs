using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Walks down a column of a row group, a page in memory at a time.</summary>
internal sealed class ColumnCursor
{
    private readonly ParquetFile _file;
    private readonly ParquetColumn _column;
    private readonly int _group;
    private readonly long _rows;
    private readonly PageReader _pages;
    private readonly OffsetIndex? _index;

    private long _pageRow;
    private int _pageRows;
    private int _position;

    /// <summary>Stands before the first row.</summary>
    public ColumnCursor(ParquetFile file, ParquetColumn column, int group, OffsetIndex? index)
    {
        (_file, _column, _group, _index) = (file, column, group, index);
        var rowGroup = file.Footer.RowGroups[group];
        var chunk = rowGroup.Columns[column.Index];
        _rows = rowGroup.Rows;
        try
        {
            _pages = new PageReader(file.OpenPages(), column, chunk);
            if (chunk.Values != _rows)
            {
                throw new ParquetFormatException($"{chunk.Values} values in {_rows} rows");
            }
        }
        catch (ParquetFormatException e)
        {
            throw file.Fault($"{Place}: {e.Message}", e);
        }
    }

    /// <summary>Rows of the page in memory from the position on.</summary>
    public int Available => _pageRows - _position;

    private string Place => $"column '{_column.Name}', row group {_group}";

    /// <summary>The rows from the position on, as values; they hold until the cursor moves to another page.</summary>
    public ColumnSlice Slice(int count) => new(_column, _pages.Values, _pages.Places, _position, count);

    /// <summary>Goes to a row at or behind the position, and decodes its page. Pages before it are passed over.</summary>
    public void MoveTo(long row)
    {
        if (row < _pageRow + _pageRows)
        {
            _position = (int)(row - _pageRow);
            return;
        }

        try
        {
            LoadPageOf(row);
        }
        catch (ParquetFormatException e)
        {
            throw _file.Fault(_pages.Page < 0 ? $"{Place}: {e.Message}" : $"{Place}, page {_pages.Page} at offset {_pages.PageOffset}: {e.Message}", e);
        }

        _position = (int)(row - _pageRow);
    }

    private void LoadPageOf(long row)
    {
        var mayJump = _index is not null && _pages.Page >= 0;
        do
        {
            if (mayJump)
            {
                Jump(row);
            }

            var next = _pageRow + _pageRows;
            (_pageRow, _pageRows) = (next, 0);
            _pageRows = _pages.NextPage(_rows - next);
            CheckIndex();

            // Before the first page nothing is known of a dictionary, which stands there and must be read first.
            mayJump = _index is not null;
        }
        while (row >= _pageRow + _pageRows);

        _pages.Decode();
    }

    // Rows of other columns are found by the same numbers, so an index that is wrong would put values beside others'.
    private void CheckIndex()
    {
        if (_index is null)
        {
            return;
        }

        var at = _index.PageOf(_pageRow);
        var end = at + 1 < _index.Pages.Count ? _index.Pages[at + 1].FirstRow : _rows;
        if (_index.Pages[at].FirstRow != _pageRow || end != _pageRow + _pageRows || _index.Pages[at].Offset != _pages.PageOffset)
        {
            throw new ParquetFormatException($"the page has rows {_pageRow} to {_pageRow + _pageRows}, the offset index says otherwise");
        }
    }

    private void Jump(long row)
    {
        var page = _index!.Pages[_index.PageOf(row)];
        if (page.FirstRow > _pageRow + _pageRows)
        {
            _pages.Jump(page.Offset);
            (_pageRow, _pageRows) = (page.FirstRow, 0);
        }
    }
}

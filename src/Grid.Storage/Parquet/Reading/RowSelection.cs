using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Which rows of a row group are worth reading for what is looked for: by its statistics, its bloom filters, and its pages' bounds.</summary>
internal sealed class RowSelection
{
    private readonly ParquetFile _file;
    private readonly List<Wanted> _wanted = [];

    public RowSelection(ParquetFile file, IReadOnlyList<ParquetRange> ranges)
    {
        _file = file;
        foreach (var range in ranges)
        {
            var column = file.Schema.Find(range.Column) ?? throw new ArgumentException($"there is no column '{range.Column}' to look for values in");
            var order = ValueOrders.Of(column);
            Require(range, order, range.Low);
            Require(range, order, range.High);

            // Zeros of both signs are the same value to who looks for them.
            _wanted.Add(new Wanted(
                column, order, ColumnBounds.ZeroSigned(order, range.Low, isNegative: true), ColumnBounds.ZeroSigned(order, range.High, isNegative: false),
                range.Low is not null && range.High is not null && range.Low.AsSpan().SequenceEqual(range.High) && !order.IsFloatingZero(range.Low)));
        }
    }

    /// <summary>The rows of a row group that may hold what is looked for, in ascending order.</summary>
    public List<RowSpan> Of(int group)
    {
        var rows = _file.Footer.RowGroups[group].Rows;
        if (rows == 0 || _wanted.Exists(w => !MayHold(group, rows, w)))
        {
            return [];
        }

        List<RowSpan> spans = [new RowSpan(0, rows)];
        foreach (var wanted in _wanted)
        {
            spans = Intersect(spans, OfPages(group, rows, wanted));
        }

        return spans;
    }

    private static void Require(ParquetRange range, ValueOrder order, byte[]? bound)
    {
        if (bound is not null && ((order.Width() > 0 && bound.Length != order.Width()) || order.IsNaN(bound)))
        {
            throw new ArgumentException($"what is looked for in column '{range.Column}' is {bound.Length} bytes that are no value of it");
        }
    }

    private bool MayHold(int group, long rows, Wanted wanted)
    {
        if (_file.Bounds(group, wanted.Column) is { } bounds
            && (bounds.Nulls == rows || !ColumnBounds.MayHold(wanted.Order, bounds.Min, bounds.Max, wanted.Low, wanted.High)))
        {
            return false;
        }

        return !wanted.IsOne || _file.ReadBloomFilter(group, wanted.Column)?.MayHold(wanted.Low) != false;
    }

    private List<RowSpan> OfPages(int group, long rows, Wanted wanted)
    {
        // Without a stated order the bounds of pages mean nothing.
        if (!_file.HasTypeOrder(wanted.Column)
            || _file.ReadColumnIndex(group, wanted.Column) is not { } bounds || _file.ReadOffsetIndex(group, wanted.Column) is not { } offsets
            || bounds.NullPages.Count != offsets.Pages.Count)
        {
            return [new RowSpan(0, rows)];
        }

        var spans = new List<RowSpan>();
        for (var i = 0; i < offsets.Pages.Count; i++)
        {
            var (min, max) = ColumnBounds.Checked(wanted.Order, bounds.Mins[i], bounds.Maxs[i]);
            if (!bounds.NullPages[i] && ColumnBounds.MayHold(wanted.Order, min, max, wanted.Low, wanted.High))
            {
                spans.Add(new RowSpan(offsets.Pages[i].FirstRow, i + 1 < offsets.Pages.Count ? Math.Min(rows, offsets.Pages[i + 1].FirstRow) : rows));
            }
        }

        return spans;
    }

    private static List<RowSpan> Intersect(List<RowSpan> left, List<RowSpan> right)
    {
        var both = new List<RowSpan>();
        for (int i = 0, j = 0; i < left.Count && j < right.Count;)
        {
            var span = new RowSpan(Math.Max(left[i].Start, right[j].Start), Math.Min(left[i].End, right[j].End));
            if (!span.IsEmpty)
            {
                both.Add(span);
            }

            _ = left[i].End < right[j].End ? i++ : j++;
        }

        return both;
    }

    /// <summary>A range with what its column means.</summary>
    private sealed record Wanted(ParquetColumn Column, ValueOrder Order, byte[]? Low, byte[]? High, bool IsOne);
}

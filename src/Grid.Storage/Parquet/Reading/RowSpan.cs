namespace Grid.Storage.Parquet.Reading;

/// <summary>Rows of a row group, from one to before another.</summary>
internal readonly record struct RowSpan(long Start, long End)
{
    public bool IsEmpty => Start >= End;
}

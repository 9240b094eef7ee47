namespace Grid.Storage.Parquet;

/// <summary>
/// What a reader is looking for: values of a column from one to another. Row groups and pages that cannot hold any are not read.
/// What is read may still hold others, which the caller passes over.
/// </summary>
/// <param name="Column">The column's name.</param>
/// <param name="Low">The least value wanted, as <see cref="Reading.ColumnSlice"/> gives it; null for any.</param>
/// <param name="High">The greatest value wanted; null for any.</param>
public sealed record ParquetRange(string Column, byte[]? Low, byte[]? High)
{
    /// <summary>One value.</summary>
    public static ParquetRange Of(string column, byte[] value) => new(column, value, value);
}

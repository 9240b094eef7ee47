namespace Grid.Storage.Parquet;

/// <summary>
/// Bytes that are no valid Parquet, told by code that sees only them. Whoever knows the file, column and page catches it and
/// throws a <see cref="GridStorageException"/> that names the place.
/// </summary>
internal sealed class ParquetFormatException : Exception
{
    public ParquetFormatException(string message)
        : base(message)
    {
    }

    public ParquetFormatException(string message, Exception cause)
        : base(message, cause)
    {
    }
}

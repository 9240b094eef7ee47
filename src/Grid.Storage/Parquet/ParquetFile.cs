using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Reading;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.Parquet;

/// <summary>
/// A Parquet file that is open for reading. Flat columns of every type, encoding and codec of the format are read; columns in groups
/// and lists are not, and encryption is not. Whatever the bytes are, reading ends in values or in a
/// <see cref="GridStorageException"/> that names file, column, row group, page and offset, within <see cref="ParquetLimits"/>.
/// Several readers of one file may run at once, each on a thread of its own.
/// </summary>
public sealed class ParquetFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly long _footerStart;

    private ParquetFile(string path, SafeFileHandle handle)
    {
        (Path, _handle) = (path, handle);
        try
        {
            Footer = FooterReader.Read(handle, out _footerStart);
            Schema = ParquetSchema.From(Footer.Schema);
            Rows = CountRows();
        }
        catch (ParquetFormatException e)
        {
            throw Fault(e.Message, e);
        }
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Its columns.</summary>
    public ParquetSchema Schema { get; }

    /// <summary>Rows of all row groups.</summary>
    public long Rows { get; }

    /// <summary>The program that wrote it, if it said so.</summary>
    public string? CreatedBy => Footer.CreatedBy;

    /// <summary>How many row groups it has.</summary>
    public int RowGroups => Footer.RowGroups.Count;

    /// <summary>What its writer noted beside the rows.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Properties => Footer.Properties.Select(p => KeyValuePair.Create(p.Key, p.Value));

    internal FileFooter Footer { get; }

    /// <summary>Where the footer begins.</summary>
    internal long PagesEnd => _footerStart;

    /// <summary>Opens a file and reads its footer.</summary>
    /// <exception cref="GridStorageException">It is no Parquet file, or a damaged one.</exception>
    public static ParquetFile Open(string path)
    {
        var handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
        try
        {
            return new ParquetFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads rows.</summary>
    /// <param name="columns">The columns that are wanted; null for all.</param>
    /// <param name="ranges">What is looked for; parts of the file that cannot hold it are passed over.</param>
    /// <exception cref="GridStorageException">A wanted column does not exist or cannot be read.</exception>
    public ParquetReader Read(IEnumerable<string>? columns = null, IReadOnlyList<ParquetRange>? ranges = null)
    {
        var wanted = columns is null ? Schema.Columns : [.. columns.Select(Find)];
        if (wanted.FirstOrDefault(c => c.WhyNotReadable is not null) is { } odd)
        {
            throw Fault($"column '{odd.Name}' cannot be read: {odd.WhyNotReadable}; name the columns that are wanted without it");
        }

        return new ParquetReader(this, wanted, ranges ?? []);
    }

    /// <summary>What the file says of each column of each row group.</summary>
    public IEnumerable<ParquetChunkSummary> Summaries()
    {
        for (var group = 0; group < RowGroups; group++)
        {
            foreach (var column in Schema.Columns)
            {
                yield return ParquetChunkSummary.From(this, group, column);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    internal PageSource OpenPages() => new(_handle, _footerStart);

    /// <summary>What is known of a column's values in a row group; null if nothing that may be believed.</summary>
    internal ColumnBounds? Bounds(int group, ParquetColumn column) =>
        ColumnBounds.From(column, Footer.RowGroups[group].Columns[column.Index].Statistics, HasTypeOrder(column));

    internal bool HasTypeOrder(ParquetColumn column) => column.Index < Footer.HasTypeOrder.Count && Footer.HasTypeOrder[column.Index];

    /// <summary>Where a column's pages are, null if the file has no index of them.</summary>
    internal OffsetIndex? ReadOffsetIndex(int group, ParquetColumn column) =>
        IndexReader.ReadOffsets(this, Footer.RowGroups[group].Columns[column.Index], group, column);

    /// <summary>What a column's pages hold, null if the file has no index of them.</summary>
    internal ColumnIndex? ReadColumnIndex(int group, ParquetColumn column) =>
        IndexReader.ReadBounds(this, Footer.RowGroups[group].Columns[column.Index], group, column);

    /// <summary>Which values a column has, null if the file has no filter for it.</summary>
    internal BloomFilter? ReadBloomFilter(int group, ParquetColumn column) =>
        IndexReader.ReadBloom(this, Footer.RowGroups[group].Columns[column.Index], group, column);

    /// <summary>A piece of the file before its footer.</summary>
    internal byte[] ReadPiece(long offset, long length, int most)
    {
        if (offset < 0 || length < 0 || length > most || length > _footerStart - offset)
        {
            throw new ParquetFormatException($"{length} bytes at offset {offset} do not lie within the file, or are more than {most}");
        }

        var bytes = new byte[length];
        PageSource.ReadAll(_handle, offset, bytes);
        return bytes;
    }

    internal GridStorageException Fault(string what, Exception? cause = null) => new($"{System.IO.Path.GetFileName(Path)}: {what}", innerException: cause);

    private long CountRows()
    {
        var rows = 0L;
        foreach (var (i, group) in Footer.RowGroups.Index())
        {
            if (group.Columns.Count != Schema.Columns.Count || group.Rows < 0 || group.Rows > long.MaxValue - rows)
            {
                throw new ParquetFormatException($"row group {i} has {group.Columns.Count} columns and {group.Rows} rows, the schema has {Schema.Columns.Count} columns");
            }

            rows += group.Rows;
        }

        return rows;
    }

    private ParquetColumn Find(string name) => Schema.Find(name)
        ?? throw Fault($"there is no column '{name}'; there are {string.Join(", ", Schema.Columns.Select(c => $"'{c.Name}'"))}");
}

using System.Buffers;
using System.Buffers.Binary;
using Grid.Storage.Parquet.Codecs;
using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Reading;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;
using Grid.Storage.Parquet.Thrift;
using Grid.Storage.Parquet.Writing;

namespace Grid.Storage.Parquet;

/// <summary>
/// Writes a Parquet file to a stream from its beginning to its end, without going back. Memory holds one row group, and of those before it
/// what their columns' statistics and indexes take. A row is one value or null appended to each column, and <see cref="EndRow"/>.
/// A file is whole once <see cref="Finish"/> has returned; flushing and naming it is the caller's.
/// </summary>
public sealed class ParquetWriter : IDisposable
{
    private readonly Stream _output;
    private readonly ParquetWriterOptions _options;
    private readonly PageCompressor _compressor;
    private readonly ChunkEncoder _encoder;
    private readonly ColumnBuffer[] _columns;
    private readonly FileFooter _footer = new();
    private readonly List<(ColumnChunk Chunk, ColumnIndex? Bounds, OffsetIndex Offsets)> _indexes = [];
    private readonly ArrayBufferWriter<byte> _small = new();
    private readonly List<SortingColumn>? _sorting;

    private long _position;
    private int _rows;

    /// <summary>Begins a file.</summary>
    /// <param name="output">Where it goes; it stays open.</param>
    /// <param name="fields">Its columns.</param>
    /// <param name="options">How it is written.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or a column cannot be written.</exception>
    public ParquetWriter(Stream output, IReadOnlyList<ParquetField> fields, ParquetWriterOptions options)
    {
        options.Validate();
        FieldRules.Check(fields);
        (_output, _options) = (output, options);
        _footer.CreatedBy = options.CreatedBy;
        _footer.Properties = [.. options.Properties.Select(p => new KeyValue(p.Key, p.Value))];
        _footer.Schema.Add(new SchemaElement { Name = "schema", Children = fields.Count });
        _footer.Schema.AddRange(fields.Select(f => f.ToElement()));
        Schema = ParquetSchema.From(_footer.Schema);
        _columns = [.. fields.Select((f, i) => new ColumnBuffer(Schema.Columns[i], f))];
        _footer.HasTypeOrder.AddRange(fields.Select(_ => true));
        _sorting = options.Sorting.Count == 0 ? null : [.. options.Sorting.Select(SortingOf)];
        _compressor = new PageCompressor(options.Codec);
        _encoder = new ChunkEncoder(_compressor, options);
        Write(FooterReader.Magic);
    }

    /// <summary>The file's columns.</summary>
    public ParquetSchema Schema { get; }

    /// <summary>Rows of the file so far.</summary>
    public long Rows => _footer.Rows + _rows;

    /// <summary>Bytes of the file so far.</summary>
    public long Position => _position;

    /// <summary>A column, to append the row's value to.</summary>
    public ColumnBuffer this[int column] => _columns[column];

    /// <summary>Ends a row; when the row group is full it is written.</summary>
    /// <exception cref="InvalidOperationException">A column was given no value, or more than one.</exception>
    public void EndRow()
    {
        _rows++;
        var bytes = 0L;
        foreach (var column in _columns)
        {
            if (column.Rows != _rows)
            {
                throw new InvalidOperationException($"column '{column.Column.Name}' was given {column.Rows - _rows + 1} values in row {Rows - 1}");
            }

            bytes += column.Bytes;
        }

        if (bytes >= _options.RowGroupBytesMax || _rows == _options.RowGroupRowsMax)
        {
            WriteRowGroup();
        }
    }

    /// <summary>Writes what is left, the indexes and the footer.</summary>
    public void Finish()
    {
        if (_rows > 0)
        {
            WriteRowGroup();
        }

        foreach (var (chunk, bounds, _) in _indexes)
        {
            if (bounds is not null)
            {
                chunk.ColumnIndexOffset = _position;
                chunk.ColumnIndexBytes = WriteSmall(bounds.Write);
            }
        }

        foreach (var (chunk, _, offsets) in _indexes)
        {
            chunk.OffsetIndexOffset = _position;
            chunk.OffsetIndexBytes = WriteSmall(offsets.Write);
        }

        Span<byte> tail = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(tail, WriteSmall(_footer.Write));
        FooterReader.Magic.CopyTo(tail[4..]);
        Write(tail);
    }

    /// <inheritdoc/>
    public void Dispose() => _compressor.Dispose();

    private SortingColumn SortingOf(ParquetSorting sorting) => Schema.Find(sorting.Column) is { } column
        ? new SortingColumn(column.Index, sorting.IsDescending, sorting.NullsFirst)
        : throw new ArgumentException($"rows are said to be sorted by the column '{sorting.Column}', which there is not");

    private void WriteRowGroup()
    {
        var group = new RowGroup { Rows = _rows, Sorting = _sorting };
        var blooms = new List<(ColumnChunk Chunk, BloomFilter Filter)>();
        foreach (var column in _columns)
        {
            var chunk = WriteChunk(column);
            group.Columns.Add(chunk);
            group.CompressedBytes += chunk.CompressedBytes;
            group.UncompressedBytes += chunk.UncompressedBytes;
            if (column.Field.HasBloomFilter)
            {
                blooms.Add((chunk, MakeBloomFilter(column)));
            }
        }

        // Filters stand behind the row group's pages, and not at the file's end, so that memory need not hold them.
        foreach (var (chunk, filter) in blooms)
        {
            chunk.BloomFilterOffset = _position;
            var header = WriteSmall(thrift => BloomFilter.WriteHeader(thrift, filter.Bits.Length));
            Write(filter.Bits);
            chunk.BloomFilterBytes = header + filter.Bits.Length;
        }

        foreach (var column in _columns)
        {
            column.Clear();
        }

        _footer.RowGroups.Add(group);
        _footer.Rows += _rows;
        _rows = 0;
    }

    private ColumnChunk WriteChunk(ColumnBuffer column)
    {
        var plans = PagePlan.Make(column, _options);
        var encoded = _encoder.Encode(column, plans);
        var start = _position;
        Write(encoded.Bytes.WrittenSpan);
        var chunk = new ColumnChunk
        {
            Type = column.Column.Type,
            Path = [column.Column.Name],
            Codec = _options.Codec,
            Values = column.Rows,
            CompressedBytes = encoded.Bytes.WrittenCount,
            UncompressedBytes = encoded.UncompressedBytes,
            DataPageOffset = start + encoded.DictionaryBytes,
            DictionaryPageOffset = encoded.DictionaryBytes > 0 ? start : null,
            Statistics = PagePlan.Sum(column, _options),
            Encodings = [.. new HashSet<ParquetEncoding> { encoded.Encoding, encoded.DictionaryBytes > 0 ? ParquetEncoding.Plain : encoded.Encoding, ParquetEncoding.Rle }],
        };
        _indexes.Add((chunk, IndexBuilder.MakeBounds(column.Column, plans), IndexBuilder.MakeOffsets(encoded, start)));
        return chunk;
    }

    private BloomFilter MakeBloomFilter(ColumnBuffer column)
    {
        var filter = BloomFilter.For(_encoder.Distinct?.Values.Count ?? column.Values.Count, _options.BloomFilterBytesMax);
        if (_encoder.Distinct is { } distinct)
        {
            foreach (var hash in distinct.Hashes)
            {
                filter.Add(hash);
            }

            return filter;
        }

        for (var i = 0; i < column.Values.Count; i++)
        {
            filter.Add(column.Values[i]);
        }

        return filter;
    }

    private int WriteSmall(Action<CompactWriter> write)
    {
        _small.ResetWrittenCount();
        write(new CompactWriter(_small));
        Write(_small.WrittenSpan);
        return _small.WrittenCount;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _position += bytes.Length;
    }
}

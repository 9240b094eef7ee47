using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Grid.Storage.Parquet.Codecs;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Writing;

/// <summary>A column chunk as it will stand in the file: its pages one after another, and where each is among them.</summary>
internal sealed class EncodedChunk
{
    public ArrayBufferWriter<byte> Bytes { get; } = new();

    /// <summary>The pages; offsets count from the chunk's beginning.</summary>
    public List<PageLocation> Pages { get; } = [];

    public ParquetEncoding Encoding { get; set; }

    /// <summary>Bytes of the dictionary page before the data pages; 0 if there is none.</summary>
    public int DictionaryBytes { get; set; }

    public long UncompressedBytes { get; set; }

    public void Clear()
    {
        Bytes.ResetWrittenCount();
        Pages.Clear();
        (Encoding, DictionaryBytes, UncompressedBytes) = (default, 0, 0);
    }
}

/// <summary>
/// Encodes a column chunk in each way that its type allows, and keeps the smallest result: sizes are measured, compression included,
/// and never guessed.
/// </summary>
internal sealed class ChunkEncoder(PageCompressor compressor, ParquetWriterOptions options)
{
    private readonly ArrayBufferWriter<byte> _page = new();
    private readonly ArrayBufferWriter<byte> _compressed = new();
    private readonly ArrayBufferWriter<byte> _levels = new();
    private readonly ValueDictionary _dictionary = new();
    private EncodedChunk _best = new();
    private EncodedChunk _other = new();
    private int[] _indexes = [];
    private long[] _numbers = [];

    /// <summary>The distinct values of the chunk that was encoded last; null if they were too many to be collected.</summary>
    public ValueDictionary? Distinct { get; private set; }

    /// <summary>Encodes a chunk; the result holds until the next one.</summary>
    public EncodedChunk Encode(ColumnBuffer buffer, List<PagePlan> plans)
    {
        Distinct = TryCollect(buffer) ? _dictionary : null;
        var isFirst = true;
        foreach (var encoding in Candidates(buffer))
        {
            var chunk = isFirst ? _best : _other;
            chunk.Clear();
            EncodeAs(encoding, buffer, plans, chunk);
            if (!isFirst && chunk.Bytes.WrittenCount < _best.Bytes.WrittenCount)
            {
                (_best, _other) = (_other, _best);
            }

            isFirst = false;
        }

        return _best;
    }

    private IEnumerable<ParquetEncoding> Candidates(ColumnBuffer buffer)
    {
        // A dictionary of nothing would be a page of no bytes, at which other readers stumble.
        var hasDictionary = Distinct is { Values.Count: > 0 };
        if (buffer.Field.Encoding is { } wanted)
        {
            return [wanted == ParquetEncoding.RleDictionary && !hasDictionary ? ParquetEncoding.Plain : wanted];
        }

        // Not all readers have BYTE_STREAM_SPLIT for anything but floating numbers, so others get it only where it is asked for.
        ParquetEncoding[] all = buffer.Column.Type switch
        {
            PhysicalType.Boolean => [ParquetEncoding.Plain, ParquetEncoding.Rle],
            PhysicalType.Int32 or PhysicalType.Int64 => [ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaBinaryPacked],
            PhysicalType.ByteArray =>
                [ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaLengthByteArray, ParquetEncoding.DeltaByteArray],
            PhysicalType.FixedLenByteArray => [ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaByteArray],
            _ => [ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.ByteStreamSplit],
        };
        return hasDictionary ? all : all.Where(e => e != ParquetEncoding.RleDictionary);
    }

    // Gives up when the dictionary is too large for one; a bloom filter then takes every value.
    private bool TryCollect(ColumnBuffer buffer)
    {
        _dictionary.Clear(buffer.Column.Width);
        var values = buffer.Values;
        if (_indexes.Length < values.Count)
        {
            _indexes = GC.AllocateUninitializedArray<int>(values.Count);
        }

        if (buffer.Column.Type == PhysicalType.Boolean)
        {
            return false;
        }

        for (var i = 0; i < values.Count; i++)
        {
            _indexes[i] = _dictionary.Add(values[i]);
            if (_dictionary.Values.AppendedBytes > options.DictionaryBytesMax)
            {
                return false;
            }
        }

        return true;
    }

    private void EncodeAs(ParquetEncoding encoding, ColumnBuffer buffer, List<PagePlan> plans, EncodedChunk chunk)
    {
        chunk.Encoding = encoding;
        var indexBits = 0;
        if (encoding == ParquetEncoding.RleDictionary)
        {
            var entries = _dictionary.Values.Count;
            indexBits = RleHybrid.BitsFor(entries - 1);
            _page.ResetWrittenCount();
            Plain.Encode(new ValueSlice(_dictionary.Values, 0, entries), buffer.Column.Type, _page);
            WritePage(new PageHeader { Type = PageType.Dictionary, Values = entries, Encoding = ParquetEncoding.Plain }, chunk);
            chunk.DictionaryBytes = chunk.Bytes.WrittenCount;
        }

        foreach (var plan in plans)
        {
            _page.ResetWrittenCount();
            if (buffer.Column.IsOptional)
            {
                WriteLevels(buffer.Levels.Slice(plan.FirstRow, plan.Rows));
            }

            EncodeValues(encoding, buffer, plan, indexBits);
            var start = chunk.Bytes.WrittenCount;
            WritePage(new PageHeader { Type = PageType.Data, Values = plan.Rows, Encoding = encoding, Statistics = plan.Statistics }, chunk);
            chunk.Pages.Add(new PageLocation(start, chunk.Bytes.WrittenCount - start, plan.FirstRow));
        }
    }

    private void EncodeValues(ParquetEncoding encoding, ColumnBuffer buffer, PagePlan plan, int indexBits)
    {
        var values = plan.Slice(buffer.Values);
        switch (encoding)
        {
            case ParquetEncoding.RleDictionary:
                _page.GetSpan(1)[0] = (byte)indexBits;
                _page.Advance(1);
                RleHybrid.Encode(_indexes.AsSpan(plan.FirstValue, plan.Values), indexBits, _page);
                break;
            case ParquetEncoding.Rle:
                WriteBooleans(values);
                break;
            case ParquetEncoding.DeltaBinaryPacked:
                DeltaBinaryPacked.Encode(Numbers(values), buffer.Column.Type == PhysicalType.Int32, _page);
                break;
            case ParquetEncoding.DeltaLengthByteArray:
                DeltaByteArrays.EncodeLengths(values, _page);
                break;
            case ParquetEncoding.DeltaByteArray:
                DeltaByteArrays.EncodePrefixes(values, _page);
                break;
            case ParquetEncoding.ByteStreamSplit:
                ByteStreamSplit.Encode(values, _page);
                break;
            default:
                Plain.Encode(values, buffer.Column.Type, _page);
                break;
        }
    }

    private void WriteLevels(ReadOnlySpan<int> levels)
    {
        _levels.ResetWrittenCount();
        RleHybrid.Encode(levels, 1, _levels);
        WriteWithLength(_levels);
    }

    private void WriteBooleans(ValueSlice values)
    {
        var flags = new int[values.Count];
        for (var i = 0; i < flags.Length; i++)
        {
            flags[i] = values[i][0];
        }

        _levels.ResetWrittenCount();
        RleHybrid.Encode(flags, 1, _levels);
        WriteWithLength(_levels);
    }

    private void WriteWithLength(ArrayBufferWriter<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_page.GetSpan(4), bytes.WrittenCount);
        _page.Advance(4);
        _page.Write(bytes.WrittenSpan);
    }

    private ReadOnlySpan<long> Numbers(ValueSlice values)
    {
        if (values.Width == 8)
        {
            return MemoryMarshal.Cast<byte, long>(values.Fixed);
        }

        if (_numbers.Length < values.Count)
        {
            _numbers = new long[values.Count];
        }

        var narrow = MemoryMarshal.Cast<byte, int>(values.Fixed);
        for (var i = 0; i < narrow.Length; i++)
        {
            _numbers[i] = narrow[i];
        }

        return _numbers.AsSpan(0, narrow.Length);
    }

    private void WritePage(PageHeader header, EncodedChunk chunk)
    {
        _compressed.ResetWrittenCount();
        header.UncompressedBytes = _page.WrittenCount;
        header.CompressedBytes = compressor.Compress(_page.WrittenSpan, _compressed);
        header.Crc = Crc32.Append(0, _compressed.WrittenSpan);
        var start = chunk.Bytes.WrittenCount;
        header.Write(new CompactWriter(chunk.Bytes));
        chunk.UncompressedBytes += chunk.Bytes.WrittenCount - start + header.UncompressedBytes;
        chunk.Bytes.Write(_compressed.WrittenSpan);
    }
}

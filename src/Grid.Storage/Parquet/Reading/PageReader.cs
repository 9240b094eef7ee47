using System.Buffers.Binary;
using Grid.Storage.Parquet.Codecs;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Reads the pages of a column chunk one by one: header, checksum, decompression, levels, values.</summary>
internal sealed class PageReader
{
    private const int DictionaryHeaderBytesMax = 100;

    private readonly PageSource _source;
    private readonly ParquetColumn _column;
    private readonly ColumnChunk _chunk;
    private readonly ValueDecoder _decoder;
    private readonly long _end;

    private byte[] _compressed = [];
    private byte[] _page = [];
    private int[] _places = [];
    private ColumnValues? _dictionary;
    private PageHeader? _header;
    private long _next;
    private long _body;

    public PageReader(PageSource source, ParquetColumn column, ColumnChunk chunk)
    {
        (_source, _column, _chunk) = (source, column, chunk);
        _decoder = new ValueDecoder(column);
        _next = chunk.Start;
        if (chunk.IsElsewhere)
        {
            throw new ParquetFormatException("the column is encrypted or lies in another file");
        }

        if (chunk.Type != column.Type)
        {
            throw new ParquetFormatException($"the row group has the type {chunk.Type} for a column of type {column.Type}");
        }

        if (_next < FooterReader.Magic.Length || chunk.CompressedBytes < 0 || chunk.CompressedBytes > source.End - _next)
        {
            throw new ParquetFormatException($"{chunk.CompressedBytes} bytes from offset {_next} on do not lie within the file");
        }

        // Old writers left the header of the dictionary out of the sum; other readers allow for as much.
        _end = Math.Min(source.End, _next + chunk.CompressedBytes + DictionaryHeaderBytesMax);
    }

    /// <summary>Values of the page that was decoded last, nulls left out.</summary>
    public ColumnValues Values { get; } = new();

    /// <summary>The page whose header was read last, counted from 0 and dictionaries included.</summary>
    public int Page { get; private set; } = -1;

    /// <summary>Where the page whose header was read last begins.</summary>
    public long PageOffset { get; private set; }

    /// <summary>For each row of the page the place of its value, -1 where it is null; null if the column has no nulls.</summary>
    public int[]? Places => _column.IsOptional ? _places : null;

    /// <summary>Goes to the next data page and says how many rows it has. Its values are decoded by <see cref="Decode"/>, or passed over by the next call.</summary>
    public int NextPage(long rowsLeft)
    {
        while (true)
        {
            ReadHeader();
            switch (_header!.Type)
            {
                case PageType.Dictionary:
                    DecodeDictionary();
                    break;
                case PageType.Data or PageType.DataV2:
                    return CheckedRows(rowsLeft);
                default:
                    // Index pages were never used, and unknown ones may be passed over by the format's rule.
                    break;
            }
        }
    }

    /// <summary>Goes on at a page that an index told of. The dictionary has been read if the first page has been.</summary>
    public void Jump(long offset)
    {
        if (offset < _next || offset >= _end)
        {
            throw new ParquetFormatException($"the offset index names the offset {offset}, which is not between {_next} and {_end}");
        }

        _next = offset;
    }

    /// <summary>Decodes the page that <see cref="NextPage"/> went to.</summary>
    public void Decode()
    {
        var header = _header!;
        var length = ReadBody(header, out var levelBytes, ref _page);
        var start = levelBytes;
        var present = header.Values;
        if (_column.IsOptional)
        {
            start = header.Type == PageType.Data ? DecodeOldLevels(header, length) : levelBytes;
            if (header.Type == PageType.DataV2)
            {
                RleHybrid.Decode(_page.AsSpan(header.RepetitionBytes, header.DefinitionBytes), 1, Levels(header.Values));
            }

            present = PlaceValues(header.Values);
        }

        if (header.Type == PageType.DataV2 && present != header.Values - header.Nulls)
        {
            throw new ParquetFormatException($"the page says that it has {header.Nulls} nulls, it has {header.Values - present}");
        }

        _decoder.Decode(header.Encoding, _page, start, length, present, _dictionary, Values);
    }

    private Span<int> Levels(int count)
    {
        if (_places.Length < count)
        {
            _places = GC.AllocateUninitializedArray<int>(count);
        }

        return _places.AsSpan(0, count);
    }

    // Makes places of levels: a value that is there takes the next place.
    private int PlaceValues(int count)
    {
        var places = _places.AsSpan(0, count);
        var next = 0;
        foreach (ref var place in places)
        {
            if ((uint)place > 1)
            {
                throw new ParquetFormatException($"a definition level of {place} in a column that has 0 and 1");
            }

            place = place == 1 ? next++ : -1;
        }

        return next;
    }

    // Levels of a version 1 page stand before its values, inside what is compressed.
    private int DecodeOldLevels(PageHeader header, int length)
    {
        var levels = Levels(header.Values);
        if (header.LevelEncoding == ParquetEncoding.BitPacked)
        {
            var packed = (header.Values + 7) / 8;
            for (var i = 0; i < levels.Length && packed <= length; i++)
            {
                levels[i] = _page[i >> 3] >> (7 - (i & 7)) & 1;
            }

            return packed <= length ? packed : throw new ParquetFormatException("the page ends within its levels");
        }

        if (header.LevelEncoding != ParquetEncoding.Rle)
        {
            throw new ParquetFormatException($"levels are encoded as {header.LevelEncoding}");
        }

        var bytes = length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(_page);
        if ((uint)bytes > (uint)(length - 4))
        {
            throw new ParquetFormatException($"levels of {bytes} bytes in a page of {length}");
        }

        RleHybrid.Decode(_page.AsSpan(4, bytes), 1, levels);
        return 4 + bytes;
    }

    private void DecodeDictionary()
    {
        var header = _header!;
        if (_dictionary is not null)
        {
            throw new ParquetFormatException("there is a second dictionary");
        }

        if (header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary))
        {
            throw new ParquetFormatException($"a dictionary is encoded as {header.Encoding}");
        }

        if ((uint)header.Values > ParquetLimits.PageValuesMax)
        {
            throw new ParquetFormatException($"a dictionary of {header.Values} entries");
        }

        byte[] page = [];
        var length = ReadBody(header, out _, ref page);
        _dictionary = new ColumnValues();
        _decoder.Decode(ParquetEncoding.Plain, page, 0, length, header.Values, null, _dictionary);
    }

    private int CheckedRows(long rowsLeft)
    {
        var header = _header!;
        if ((uint)header.Values > ParquetLimits.PageValuesMax || header.Values > rowsLeft)
        {
            throw new ParquetFormatException($"a page of {header.Values} values where {rowsLeft} are left, at most {ParquetLimits.PageValuesMax} in a page");
        }

        return header.Type != PageType.DataV2 || header.Rows == header.Values ? header.Values
            : throw new ParquetFormatException($"a page of {header.Rows} rows with {header.Values} values in a column that is no list");
    }

    private void ReadHeader()
    {
        Page++;
        PageOffset = _next;
        for (var wanted = 1 << 10; ; wanted *= 8)
        {
            var bytes = _source.Peek(_next, wanted);
            bytes = bytes[..(int)Math.Min(bytes.Length, _end - _next)];
            var thrift = new CompactReader(bytes);
            try
            {
                _header = PageHeader.Read(ref thrift);
            }
            catch (ParquetFormatException) when (thrift.RanOut && bytes.Length >= wanted && wanted < ParquetLimits.PageHeaderBytesMax)
            {
                continue;
            }

            _body = _next + thrift.Position;
            break;
        }

        var header = _header;
        if ((uint)header.CompressedBytes > ParquetLimits.PageBytesMax || (uint)header.UncompressedBytes > ParquetLimits.PageBytesMax)
        {
            throw new ParquetFormatException(
                $"a page of {header.CompressedBytes} bytes, {header.UncompressedBytes} uncompressed, where {ParquetLimits.PageBytesMax} are the most that is read");
        }

        if (header.CompressedBytes > _end - _body)
        {
            throw new ParquetFormatException($"a page of {header.CompressedBytes} bytes where its column has {_end - _body} left");
        }

        _next = _body + header.CompressedBytes;
    }

    // Levels of a version 2 page stand before what is compressed.
    private int ReadBody(PageHeader header, out int levelBytes, ref byte[] page)
    {
        levelBytes = 0;
        if (header.Type == PageType.DataV2)
        {
            var levels = (long)(uint)header.DefinitionBytes + (uint)header.RepetitionBytes;
            if (levels > Math.Min(header.CompressedBytes, header.UncompressedBytes))
            {
                throw new ParquetFormatException($"levels of {levels} bytes in a page of {header.CompressedBytes}, {header.UncompressedBytes} uncompressed");
            }

            levelBytes = (int)levels;
        }

        Fit(ref _compressed, header.CompressedBytes);
        _source.Read(_body, _compressed.AsSpan(0, header.CompressedBytes));
        if (header.Crc is { } crc && Crc32.Append(0, _compressed.AsSpan(0, header.CompressedBytes)) is var found && found != crc)
        {
            throw new ParquetFormatException($"the checksum is {found:X8} where {crc:X8} is meant");
        }

        var codec = header.Type == PageType.DataV2 && !header.IsCompressed ? ParquetCodec.Uncompressed : _chunk.Codec;
        var (length, wanted) = (header.CompressedBytes - levelBytes, header.UncompressedBytes - levelBytes);
        if (wanted > PageCodec.LengthMax(codec, length))
        {
            throw new ParquetFormatException($"{length} bytes of {codec} cannot become {wanted}");
        }

        Fit(ref page, header.UncompressedBytes);
        _compressed.AsSpan(0, levelBytes).CopyTo(page);

        // For a page of no bytes some writers have nothing at all, others what their codec makes of nothing.
        if (wanted > 0)
        {
            PageCodec.Decompress(codec, _compressed, levelBytes, length, page.AsSpan(levelBytes, wanted));
        }

        return header.UncompressedBytes;
    }

    private static void Fit(ref byte[] buffer, int length)
    {
        if (buffer.Length < length)
        {
            buffer = GC.AllocateUninitializedArray<byte>(length);
        }
    }
}

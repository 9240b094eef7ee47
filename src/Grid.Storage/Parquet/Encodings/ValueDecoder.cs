using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>Decodes the values of a page, whatever their encoding.</summary>
internal sealed class ValueDecoder(ParquetColumn column)
{
    private int[] _indexes = [];

    /// <summary>Decodes a page's values.</summary>
    /// <param name="encoding">How they are written.</param>
    /// <param name="page">The page. Byte arrays go on pointing into it.</param>
    /// <param name="start">Where its values begin.</param>
    /// <param name="end">Where they end.</param>
    /// <param name="count">How many there are, nulls left out.</param>
    /// <param name="dictionary">The column chunk's dictionary, if it has one.</param>
    /// <param name="values">Where they go.</param>
    public void Decode(ParquetEncoding encoding, byte[] page, int start, int end, int count, ColumnValues? dictionary, ColumnValues values)
    {
        var bytes = page.AsSpan(start..end);
        switch (encoding)
        {
            case ParquetEncoding.Plain:
                Plain.Decode(page, start, end, count, column.Type, column.Width, values);
                break;
            case ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary:
                DecodeIndexes(bytes, count, dictionary ?? throw new ParquetFormatException("the page needs a dictionary, and there is none"), values);
                break;
            case ParquetEncoding.Rle when column.Type == PhysicalType.Boolean:
                DecodeBooleans(bytes, count, values);
                break;
            case ParquetEncoding.DeltaBinaryPacked when column.Type == PhysicalType.Int32:
                DeltaBinaryPacked.Decode(bytes, MemoryMarshal.Cast<byte, int>(values.ResetFixed(count, 4)));
                break;
            case ParquetEncoding.DeltaBinaryPacked when column.Type == PhysicalType.Int64:
                DeltaBinaryPacked.Decode(bytes, MemoryMarshal.Cast<byte, long>(values.ResetFixed(count, 8)));
                break;
            case ParquetEncoding.DeltaLengthByteArray when column.Type == PhysicalType.ByteArray:
                DeltaByteArrays.DecodeLengths(page, start, end, count, values);
                break;
            case ParquetEncoding.DeltaByteArray when column.Type is PhysicalType.ByteArray or PhysicalType.FixedLenByteArray:
                DeltaByteArrays.DecodePrefixes(page, start, end, count, column.Width, values);
                break;
            case ParquetEncoding.ByteStreamSplit when column.Type is not (PhysicalType.ByteArray or PhysicalType.Boolean or PhysicalType.Int96):
                ByteStreamSplit.Decode(bytes, count, column.Width, values);
                break;
            default:
                throw new ParquetFormatException($"encoding {encoding} of a column of type {column.Type}");
        }
    }

    private Span<int> Indexes(int count)
    {
        if (_indexes.Length < count)
        {
            _indexes = GC.AllocateUninitializedArray<int>(count);
        }

        return _indexes.AsSpan(0, count);
    }

    private void DecodeIndexes(ReadOnlySpan<byte> bytes, int count, ColumnValues dictionary, ColumnValues values)
    {
        // A page of nulls only may lack even the byte that says how many bits an index has.
        var indexes = Indexes(count);
        if (count > 0)
        {
            RleHybrid.Decode(bytes.IsEmpty ? throw new ParquetFormatException("the page has no dictionary indexes") : bytes[1..], bytes[0], indexes);
        }

        values.ResetGathered(dictionary, indexes);
    }

    private void DecodeBooleans(ReadOnlySpan<byte> bytes, int count, ColumnValues values)
    {
        var target = values.ResetFixed(count, 1);
        var flags = Indexes(count);
        if (count > 0)
        {
            var length = bytes.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
            RleHybrid.Decode((uint)length <= (uint)(bytes.Length - 4) ? bytes.Slice(4, length) : throw new ParquetFormatException("the page ends before its values"), 1, flags);
        }

        for (var i = 0; i < count; i++)
        {
            target[i] = (byte)flags[i];
        }
    }
}

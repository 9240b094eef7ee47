using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Tests.Parquet;

/// <summary>A table of random columns and values, from a seed: the model that a file is compared with.</summary>
internal sealed class RandomTable
{
    private static readonly ParquetCodec[] Codecs =
        [ParquetCodec.Uncompressed, ParquetCodec.Snappy, ParquetCodec.Gzip, ParquetCodec.Brotli, ParquetCodec.Zstd, ParquetCodec.Lz4Raw];

    private static readonly Func<string, ParquetField>[] Kinds =
    [
        name => new ParquetField(name, PhysicalType.Boolean),
        name => new ParquetField(name, PhysicalType.Int32),
        name => new ParquetField(name, PhysicalType.Int64),
        name => new ParquetField(name, PhysicalType.Double),
        name => new ParquetField(name, PhysicalType.ByteArray),
        name => new ParquetField(name, PhysicalType.ByteArray, LogicalType.String),
        name => new ParquetField(name, PhysicalType.Int64, LogicalType.TimestampNanosUtc),
        name => new ParquetField(name, PhysicalType.Int32, LogicalType.Date),
        name => new ParquetField(name, PhysicalType.Int32, LogicalType.Decimal(9, 2)),
        name => new ParquetField(name, PhysicalType.Int64, LogicalType.Decimal(18, 9)),
        name => new ParquetField(name, PhysicalType.FixedLenByteArray, LogicalType.Decimal(38, 9)) { TypeLength = 16 },
        name => new ParquetField(name, PhysicalType.FixedLenByteArray) { TypeLength = 5 },
        name => new ParquetField(name, PhysicalType.Int32, LogicalType.Integer(32, isSigned: false)),
        name => new ParquetField(name, PhysicalType.Int64, LogicalType.Integer(64, isSigned: false)),
    ];

    private readonly Random _random;
    private readonly bool _forDuckDb;

    /// <summary>A table.</summary>
    /// <param name="seed">What it comes from.</param>
    /// <param name="forDuckDb">True to leave out BYTE_STREAM_SPLIT of what is no floating number, which DuckDB does not read.</param>
    public RandomTable(int seed, bool forDuckDb = false)
    {
        _random = new Random(seed);
        _forDuckDb = forDuckDb;
        Fields = [.. Enumerable.Range(0, _random.Next(1, 9)).Select(i => MakeField($"c{i}"))];
        Options = new ParquetWriterOptions
        {
            Codec = Pick(Codecs),
            RowGroupRowsMax = _random.Next(1, 4) == 1 ? _random.Next(1, 300) : 1 << 20,
            PageRowsMax = Pick([1, 7, 100, 20_000]),
            PageBytesMax = Pick([64, 1000, 1 << 20]),
            DictionaryBytesMax = Pick([0, 100, 1 << 20]),
            BoundBytesMax = Pick([4, 8, 64]),
            BloomFilterBytesMax = Pick([32, 1 << 20]),
            Properties = new Dictionary<string, string> { ["seed"] = seed.ToString() },
        };
        var rows = Pick([0, 1, 9, 300, 2_000]);
        var makers = Fields.Select(MakeValues).ToArray();
        for (var i = 0; i < rows; i++)
        {
            Rows.Add([.. makers.Select(make => make())]);
        }
    }

    public List<ParquetField> Fields { get; }

    public ParquetWriterOptions Options { get; }

    /// <summary>The rows; a value is its bytes, or null.</summary>
    public List<byte[]?[]> Rows { get; } = [];

    public void Write(string path)
    {
        using var stream = File.Create(path);
        using var writer = new ParquetWriter(stream, Fields, Options);
        foreach (var row in Rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                if (row[i] is { } value)
                {
                    writer[i].Append(value);
                }
                else
                {
                    writer[i].AppendNull();
                }
            }

            writer.EndRow();
        }

        writer.Finish();
        Assert.Equal((stream.Length, (long)Rows.Count), (writer.Position, writer.Rows));
    }

    private ParquetField MakeField(string name)
    {
        var field = Pick(Kinds)(name) with { IsOptional = _random.Next(2) == 0, HasBloomFilter = _random.Next(2) == 0 };
        ParquetEncoding?[] encodings = field.Type switch
        {
            PhysicalType.Boolean => [null, ParquetEncoding.Plain, ParquetEncoding.Rle],
            PhysicalType.Int32 or PhysicalType.Int64 => [null, ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaBinaryPacked, ParquetEncoding.ByteStreamSplit],
            PhysicalType.ByteArray => [null, ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaLengthByteArray, ParquetEncoding.DeltaByteArray],
            PhysicalType.FixedLenByteArray => [null, ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaByteArray, ParquetEncoding.ByteStreamSplit],
            _ => [null, ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.ByteStreamSplit],
        };
        var encoding = Pick(encodings);
        return field with { Encoding = _forDuckDb && encoding == ParquetEncoding.ByteStreamSplit && field.Type != PhysicalType.Double ? null : encoding };
    }

    // Values of a column come in one of a few manners, so that each encoding has its day: few distinct, ascending, anything, edges.
    private Func<byte[]?> MakeValues(ParquetField field)
    {
        var manner = _random.Next(4);
        var few = Enumerable.Range(0, _random.Next(1, 6)).Select(_ => MakeValue(field, 3, 0)).ToArray();
        var nulls = field.IsOptional ? Pick([0.0, 0.1, 0.9, 1.0]) : 0.0;
        var run = 0;
        byte[]? last = null;
        var step = 0L;
        return () =>
        {
            if (run-- > 0)
            {
                return last;
            }

            run = _random.Next(20) == 0 ? _random.Next(1, 60) : 0;
            step += _random.Next(-3, 100);
            last = _random.NextDouble() < nulls ? null : manner == 0 ? Pick(few) : MakeValue(field, manner, step);
            return last;
        };
    }

    private byte[] MakeValue(ParquetField field, int manner, long step)
    {
        var number = manner switch
        {
            1 => step,
            2 => _random.Next(-1000, 1000),
            _ => Pick([_random.NextInt64(long.MinValue, long.MaxValue), _random.Next(), 0, -1, long.MinValue, long.MaxValue, int.MinValue, int.MaxValue]),
        };
        var bytes = new byte[16];
        switch (field.Type)
        {
            case PhysicalType.Boolean:
                return [(byte)(number & 1)];
            case PhysicalType.Int32:
                BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)Limited(field, unchecked((int)number)));
                return bytes[..4];
            case PhysicalType.Int64:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, Limited(field, number));
                return bytes[..8];
            case PhysicalType.Double:
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, manner == 3
                    ? Pick([0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, _random.NextDouble()])
                    : number / 100.0);
                return bytes[..8];
            case PhysicalType.FixedLenByteArray when field.Logical.Kind == LogicalKind.Decimal:
                BinaryPrimitives.WriteInt128BigEndian(bytes, (Int128)number * Pick([1, 1_000_000_007]));
                return bytes;
            case PhysicalType.FixedLenByteArray:
                BinaryPrimitives.WriteInt64BigEndian(bytes, number);
                return bytes[(8 - field.TypeLength)..8];
            default:
                return MakeBytes(field, manner, number);
        }
    }

    // Readers agree on dates and times of a few thousand years, and decimals have their digits.
    private static long Limited(ParquetField field, long value) => field.Logical.Kind switch
    {
        LogicalKind.Date => value % 1_000_000,
        LogicalKind.Decimal => value % (long)BigInteger.Pow(10, field.Logical.Precision),
        LogicalKind.Timestamp => value % 9_000_000_000_000_000_000,
        _ => value,
    };

    private byte[] MakeBytes(ParquetField field, int manner, long number)
    {
        if (manner < 3)
        {
            return Encoding.UTF8.GetBytes($"{Pick(["IBM", "instrument-", string.Empty])}{number:00000000}");
        }

        if (field.Logical.Kind != LogicalKind.String)
        {
            var bytes = new byte[_random.Next(0, 40)];
            _random.NextBytes(bytes);
            return _random.Next(5) == 0 ? [.. Enumerable.Repeat((byte)0xFF, bytes.Length)] : bytes;
        }

        var text = new StringBuilder();
        for (var i = _random.Next(0, 30); i > 0; i--)
        {
            text.Append(Pick([new Rune('a'), new Rune('z'), new Rune('é'), new Rune(0x7F), new Rune(0xD7FF), new Rune(0xFFFF), new Rune(0x1F680), new Rune(0x10FFFF)]));
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];
}

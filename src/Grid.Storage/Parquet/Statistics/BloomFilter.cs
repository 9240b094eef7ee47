using System.Buffers.Binary;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Statistics;

/// <summary>
/// Says of a value that a column chunk does not have it, or that it may. Split blocks: a value's hash chooses a block of 256 bits
/// and sets one bit in each of its eight words.
/// </summary>
internal sealed class BloomFilter
{
    private const int BlockBytes = 32;

    private readonly byte[] _bits;

    private BloomFilter(byte[] bits) => _bits = bits;

    /// <summary>The bits, as they are written.</summary>
    public ReadOnlySpan<byte> Bits => _bits;

    private static ReadOnlySpan<uint> Salts => [0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31];

    /// <summary>An empty filter for a number of distinct values, of which one in a hundred that are not there is taken for one that is.</summary>
    public static BloomFilter For(int values, int bytesMax)
    {
        // About 10.5 bits a value give one in a hundred; the format wants a power of two.
        var bytes = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(BlockBytes, values * 10.5 / 8));
        return new BloomFilter(new byte[Math.Min(bytes, bytesMax)]);
    }

    /// <summary>Reads a filter's header, and says how long it and the bits behind it are.</summary>
    public static int ReadHeader(ReadOnlySpan<byte> bytes, out int bits)
    {
        var thrift = new CompactReader(bytes);
        bits = 0;
        int algorithm = 0, hash = 0, compression = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: bits = thrift.Int32(); break;
                case 2: algorithm = LogicalType.ReadChoice(ref thrift); break;
                case 3: hash = LogicalType.ReadChoice(ref thrift); break;
                case 4: compression = LogicalType.ReadChoice(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }

        if (bits is <= 0 or > ParquetLimits.BloomFilterBytesMax || bits % BlockBytes != 0)
        {
            throw new ParquetFormatException($"a bloom filter of {bits} bytes");
        }

        return algorithm == 1 && hash == 1 && compression == 1 ? thrift.Position : throw new ParquetFormatException("a bloom filter of an unknown kind");
    }

    public static BloomFilter Of(byte[] bits) => new(bits);

    public static void WriteHeader(CompactWriter thrift, int bits)
    {
        thrift.Begin();
        thrift.Int32(1, bits);
        for (short field = 2; field <= 4; field++)
        {
            thrift.Begin(field);
            thrift.Empty(1);
            thrift.End();
        }

        thrift.End();
    }

    public void Add(ReadOnlySpan<byte> value) => Add(XxHash64.Hash(value));

    public void Add(ulong hash)
    {
        var block = Block(hash);
        for (var i = 0; i < Salts.Length; i++)
        {
            var word = block[(i * 4)..];
            BinaryPrimitives.WriteUInt32LittleEndian(word, BinaryPrimitives.ReadUInt32LittleEndian(word) | Mask(hash, i));
        }
    }

    public bool MayHold(ReadOnlySpan<byte> value)
    {
        var hash = XxHash64.Hash(value);
        var block = Block(hash);
        for (var i = 0; i < Salts.Length; i++)
        {
            if ((BinaryPrimitives.ReadUInt32LittleEndian(block[(i * 4)..]) & Mask(hash, i)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    private static uint Mask(ulong hash, int word) => 1u << (int)(unchecked((uint)hash * Salts[word]) >> 27);

    private Span<byte> Block(ulong hash) => _bits.AsSpan((int)((hash >> 32) * (ulong)(_bits.Length / BlockBytes) >> 32) * BlockBytes, BlockBytes);
}

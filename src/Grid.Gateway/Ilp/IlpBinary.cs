using System.Buffers.Binary;

namespace Grid.Gateway.Ilp;

/// <summary>The binary values of QuestDB's protocol versions 2 and 3. All begin with an equals sign and the type.</summary>
internal static class IlpBinary
{
    private const byte ArrayType = 14;
    private const byte DoubleType = 16;
    private const byte DecimalType = 23;
    private const byte ArrayOfDoubles = 10;
    private const byte ArrayOfNothing = 33;
    private const int DimensionsMax = 32;

    // A larger number than an Int128 holds no column can hold either.
    private const int DecimalBytesMax = 16;
    private const int HeadBytes = 2;

    /// <summary>Bytes of a value that begins with its equals sign; 0 if they have not all come, -1 if the type is not known.</summary>
    public static int Length(ReadOnlySpan<byte> data)
    {
        if (data.Length < HeadBytes + 2)
        {
            return 0;
        }

        long length = data[1] switch
        {
            DoubleType => HeadBytes + sizeof(double),
            DecimalType => HeadBytes + 2 + data[3],
            ArrayType => ArrayLength(data),
            _ => -1,
        };
        return length > data.Length ? 0 : (int)length;
    }

    /// <summary>Reads a value that begins with its equals sign.</summary>
    public static bool TryRead(ReadOnlySpan<byte> data, scoped ref IlpScratch scratch, out int length, out IlpValue value)
    {
        value = default;
        length = Length(data);
        if (length <= 0)
        {
            return false;
        }

        switch (data[1])
        {
            case DoubleType:
                value = new IlpValue(IlpType.Float, scratch.Decimal(BinaryPrimitives.ReadDoubleLittleEndian(data[HeadBytes..])));
                return true;
            case DecimalType:
                return TryReadDecimal(data[2], data.Slice(HeadBytes + 2, data[3]), ref scratch, out value);
            default:
                value = new IlpValue(IlpType.Array, default);
                return true;
        }
    }

    private static bool TryReadDecimal(byte scale, ReadOnlySpan<byte> bigEndian, scoped ref IlpScratch scratch, out IlpValue value)
    {
        value = default;
        if (bigEndian.Length > DecimalBytesMax)
        {
            return false;
        }

        Int128 unscaled = bigEndian.Length > 0 && bigEndian[0] >= 0x80 ? -1 : 0;
        foreach (var b in bigEndian)
        {
            unscaled = (unscaled << 8) | b;
        }

        value = new IlpValue(IlpType.Decimal, bigEndian.IsEmpty ? default : scratch.Decimal(unscaled, scale));
        return true;
    }

    private static long ArrayLength(ReadOnlySpan<byte> data)
    {
        const int Fixed = HeadBytes + 1;
        if (data[2] == ArrayOfNothing)
        {
            return Fixed;
        }

        int dimensions = data[3];
        if (data[2] != ArrayOfDoubles || dimensions is 0 or > DimensionsMax)
        {
            return -1;
        }

        var sizes = data[(Fixed + 1)..];
        if (sizes.Length < dimensions * sizeof(int))
        {
            return long.MaxValue;
        }

        long items = 1;
        for (var i = 0; i < dimensions; i++)
        {
            var size = BinaryPrimitives.ReadInt32LittleEndian(sizes[(i * sizeof(int))..]);
            if (size < 0 || (items *= size) > int.MaxValue)
            {
                return -1;
            }
        }

        return Fixed + 1 + (dimensions * sizeof(int)) + (items * sizeof(double));
    }
}

using System.Text;

namespace Grid.Storage.Parquet.Thrift;

/// <summary>
/// Reads Thrift's compact protocol, in which all of Parquet's metadata is written.
/// <code>
/// field    (delta of id &lt;&lt; 4 | type), or (type) and the id as a zigzag varint where the delta is not 1 to 15; 0 ends a struct
/// list     (count &lt;&lt; 4 | type), or (15 &lt;&lt; 4 | type) and the count as a varint
/// binary   length as a varint, bytes
/// integers zigzag varints; booleans are in the type of their field
/// </code>
/// A struct is read by <c>short field = 0; while (thrift.NextField(ref field)) switch (field) …</c>, where each case reads the
/// value and the default skips it.
/// </summary>
internal ref struct CompactReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private CompactType _type;

    /// <summary>Where the next byte is read.</summary>
    public int Position { get; private set; }

    /// <summary>True if reading failed because the bytes ended, so that more of them might help.</summary>
    public bool RanOut { get; private set; }

    /// <summary>True if the value of the field is a whole number.</summary>
    public readonly bool IsNumber => _type is CompactType.Byte or CompactType.Int16 or CompactType.Int32 or CompactType.Int64;

    /// <summary>Goes to the next field of a struct, false at its end.</summary>
    public bool NextField(ref short field)
    {
        var head = Next();
        _type = (CompactType)(head & 0x0F);
        if (_type == CompactType.Stop)
        {
            return false;
        }

        var id = head >> 4 == 0 ? UnZigZag(Varint()) : field + (head >> 4);
        field = id is > 0 and <= short.MaxValue ? (short)id : throw new ParquetFormatException($"metadata has a field numbered {id}");
        return true;
    }

    public bool Bool() => _type switch
    {
        CompactType.True => true,
        CompactType.False => false,
        _ => throw Unexpected("a boolean"),
    };

    public int Int32()
    {
        var value = Int64();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new ParquetFormatException($"metadata has {value} where 32 bits are meant");
    }

    public long Int64() => _type switch
    {
        CompactType.Byte => (sbyte)Next(),
        CompactType.Int16 or CompactType.Int32 or CompactType.Int64 => UnZigZag(Varint()),
        _ => throw Unexpected("a number"),
    };

    public byte[] Binary() => Bytes().ToArray();

    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <summary>Begins a list of elements of a kind, which are read next. Each takes at least one byte, which bounds the count.</summary>
    public int List(CompactType element)
    {
        var count = List();
        var given = _type == CompactType.False ? CompactType.True : _type;
        return count == 0 || given == element ? count : throw Unexpected($"an element of kind {element}");
    }

    private int List()
    {
        if (_type is not (CompactType.List or CompactType.Set))
        {
            throw Unexpected("a list");
        }

        var head = Next();
        var count = head >> 4 == 15 ? Varint() : (ulong)(head >> 4);
        if (count > (ulong)(_bytes.Length - Position))
        {
            throw Short($"a list of {count} elements");
        }

        _type = (CompactType)(head & 0x0F);
        return (int)count;
    }

    /// <summary>Reads an element of a list of booleans.</summary>
    public bool ListedBool() => _type is CompactType.True or CompactType.False ? Next() == 1 : throw Unexpected("a boolean");

    /// <summary>Says that a struct is wanted; its fields are read next.</summary>
    public void Struct()
    {
        if (_type != CompactType.Struct)
        {
            throw Unexpected("a struct");
        }
    }

    /// <summary>Passes over the value of the field.</summary>
    public void Skip() => Skip(_type, 0);

    private void Skip(CompactType type, int depth)
    {
        if (depth > ParquetLimits.DepthMax)
        {
            throw new ParquetFormatException($"metadata is nested deeper than {ParquetLimits.DepthMax}");
        }

        _type = type;
        switch (type)
        {
            case CompactType.True or CompactType.False:
                break;
            case CompactType.Byte:
                Take(1);
                break;
            case CompactType.Int16 or CompactType.Int32 or CompactType.Int64:
                Varint();
                break;
            case CompactType.Double:
                Take(8);
                break;
            case CompactType.Uuid:
                Take(16);
                break;
            case CompactType.Binary:
                Bytes();
                break;
            case CompactType.List or CompactType.Set:
                SkipElements(List(), depth);
                break;
            case CompactType.Map:
                SkipMap(depth);
                break;
            case CompactType.Struct:
                short field = 0;
                while (NextField(ref field))
                {
                    Skip(_type, depth + 1);
                }

                break;
            default:
                throw new ParquetFormatException($"metadata has a value of the unknown kind {(int)type}");
        }
    }

    private void SkipElements(int count, int depth)
    {
        var type = _type;
        for (var i = 0; i < count; i++)
        {
            if (type is CompactType.True or CompactType.False)
            {
                Take(1);
            }
            else
            {
                Skip(type, depth + 1);
            }
        }
    }

    private void SkipMap(int depth)
    {
        var count = Varint();
        var types = count == 0 ? 0 : Next();
        if (count > (ulong)(_bytes.Length - Position))
        {
            throw Short($"a map of {count} entries");
        }

        for (var i = 0ul; i < count; i++)
        {
            _type = (CompactType)(types >> 4);
            SkipElements(1, depth);
            _type = (CompactType)(types & 0x0F);
            SkipElements(1, depth);
        }
    }

    private ReadOnlySpan<byte> Bytes()
    {
        if (_type != CompactType.Binary)
        {
            throw Unexpected("bytes");
        }

        var length = Varint();
        return length <= (ulong)(_bytes.Length - Position) ? Take((int)length) : throw Short($"{length} bytes");
    }

    private ulong Varint()
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Next();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new ParquetFormatException("metadata has a number of more than 64 bits");
    }

    private static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    private byte Next() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position)
        {
            throw Short("more");
        }

        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private ParquetFormatException Short(string wanted)
    {
        RanOut = true;
        return new ParquetFormatException($"metadata ends where {wanted} should follow");
    }

    private readonly ParquetFormatException Unexpected(string wanted) => new($"metadata has a value of kind {_type} where {wanted} is meant");
}

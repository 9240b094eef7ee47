using System.Buffers;
using System.Text;

namespace Grid.Storage.Parquet.Thrift;

/// <summary>
/// Writes Thrift's compact protocol (drawn at <see cref="CompactReader"/>). Fields are written in ascending order between
/// <see cref="Begin"/> and <see cref="End"/>; what is null is left out.
/// </summary>
internal sealed class CompactWriter(IBufferWriter<byte> output)
{
    private readonly Stack<short> _outer = new();
    private short _last;

    /// <summary>Begins a struct that is the value of a field, or the outermost one.</summary>
    public void Begin(short field = 0)
    {
        if (field > 0)
        {
            Head(field, CompactType.Struct);
        }

        _outer.Push(_last);
        _last = 0;
    }

    /// <summary>Ends the struct that was begun last.</summary>
    public void End()
    {
        Put((byte)CompactType.Stop);
        _last = _outer.Pop();
    }

    /// <summary>An empty struct, which is what a union's choice without values is.</summary>
    public void Empty(short field)
    {
        Begin(field);
        End();
    }

    public void Bool(short field, bool? value)
    {
        if (value is { } v)
        {
            Head(field, v ? CompactType.True : CompactType.False);
        }
    }

    public void Byte(short field, byte value)
    {
        Head(field, CompactType.Byte);
        Put(value);
    }

    public void Int16(short field, short value) => Integer(field, CompactType.Int16, value);

    public void Int32(short field, int? value) => Integer(field, CompactType.Int32, value);

    public void Int64(short field, long? value) => Integer(field, CompactType.Int64, value);

    public void Binary(short field, byte[]? value)
    {
        if (value is not null)
        {
            Head(field, CompactType.Binary);
            Binary(value);
        }
    }

    public void Text(short field, string? value) => Binary(field, value is null ? null : Encoding.UTF8.GetBytes(value));

    /// <summary>Begins a list; its elements follow.</summary>
    public void List(short field, CompactType type, int count)
    {
        Head(field, CompactType.List);
        Put((byte)(Math.Min(count, 15) << 4 | (int)type));
        if (count >= 15)
        {
            Varint((ulong)count);
        }
    }

    /// <summary>A list of structs.</summary>
    public void List<T>(short field, IReadOnlyCollection<T>? elements, Action<T> write)
    {
        if (elements is null)
        {
            return;
        }

        List(field, CompactType.Struct, elements.Count);
        foreach (var element in elements)
        {
            Begin();
            write(element);
            End();
        }
    }

    /// <summary>Elements of a list.</summary>
    public void Element(long value) => Varint(ZigZag(value));

    public void Element(bool value) => Put((byte)(value ? CompactType.True : CompactType.False));

    public void Element(byte[] value) => Binary(value);

    private void Integer(short field, CompactType type, long? value)
    {
        if (value is { } v)
        {
            Head(field, type);
            Varint(ZigZag(v));
        }
    }

    private void Head(short field, CompactType type)
    {
        var delta = field - _last;
        if (delta is > 0 and <= 15)
        {
            Put((byte)(delta << 4 | (int)type));
        }
        else
        {
            Put((byte)type);
            Varint(ZigZag(field));
        }

        _last = field;
    }

    private void Binary(byte[] value)
    {
        Varint((ulong)value.Length);
        output.Write(value);
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            Put((byte)(value | 0x80));
        }

        Put((byte)value);
    }

    private void Put(byte value)
    {
        output.GetSpan(1)[0] = value;
        output.Advance(1);
    }
}

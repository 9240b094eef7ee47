using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace Grid.Domain;

/// <summary>
/// Writes state as raw little-endian values for a snapshot of the same data folder. Numbers of names are written as they
/// are: a snapshot keeps the names beside them.
/// </summary>
public sealed class StateWriter(IBufferWriter<byte> target)
{
    /// <summary>Writes one value as its bytes.</summary>
    public void Put<T>(in T value)
        where T : unmanaged
    {
        var size = System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        MemoryMarshal.Write(target.GetSpan(size), in value);
        target.Advance(size);
    }

    /// <summary>Writes a count and the values.</summary>
    public void Put<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        Put(values.Length);
        PutAll(values);
    }

    /// <summary>Writes values, without their count, in one piece.</summary>
    public void PutAll<T>(ReadOnlySpan<T> values)
        where T : unmanaged => target.Write(MemoryMarshal.AsBytes(values));

    /// <summary>Writes a text as UTF-8 with its length.</summary>
    public void Put(string text) => Put<byte>(Encoding.UTF8.GetBytes(text));
}

/// <summary>Reads what <see cref="StateWriter"/> wrote.</summary>
/// <exception cref="FormatException">The bytes end early or a count is impossible; names the offset.</exception>
public ref struct StateReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    /// <summary>Bytes read so far.</summary>
    public int Offset { get; private set; }

    /// <summary>True if all was read.</summary>
    public readonly bool IsAtEnd => Offset == _source.Length;

    /// <summary>Reads one value.</summary>
    public T Take<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(Bytes(System.Runtime.CompilerServices.Unsafe.SizeOf<T>()));

    /// <summary>Reads a count that may be at most <paramref name="most"/>.</summary>
    public int TakeCount(int most)
    {
        var count = Take<int>();
        return (uint)count <= (uint)most ? count : throw new FormatException($"saved state has a count of {count} before byte {Offset}; at most {most} is possible");
    }

    /// <summary>Reads a count and so many values.</summary>
    public T[] TakeArray<T>(int most)
        where T : unmanaged
    {
        var count = TakeCount(most);
        return MemoryMarshal.Cast<byte, T>(Bytes(checked(count * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()))).ToArray();
    }

    /// <summary>Reads a text.</summary>
    public string TakeText() => Encoding.UTF8.GetString(TakeArray<byte>(1 << 20));

    private ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > _source.Length - Offset)
        {
            throw new FormatException($"saved state ends at byte {_source.Length}, but {count} bytes are needed from byte {Offset}");
        }

        var bytes = _source.Slice(Offset, count);
        Offset += count;
        return bytes;
    }
}

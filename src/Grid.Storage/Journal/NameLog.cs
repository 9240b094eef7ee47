using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>How much of a <see cref="NameLog"/> has been looked at: names, and the bytes they take.</summary>
internal readonly record struct NameLogPosition(int Names, int Bytes)
{
    public static NameLogPosition Unpack(long packed) => new((int)(packed >> 32), (int)packed);

    public long Pack() => ((long)Names << 32) | (uint)Bytes;
}

/// <summary>
/// Names of one kind in the order they were added, as dictionary frames hold them: length, name, length, name…
/// </summary>
/// <remarks>One thread adds; another may read what has been published at the same time.</remarks>
internal sealed class NameLog
{
    // Bytes below the published end never change. A longer array is put in place before the end moves into it, so
    // whoever reads the end first and the array second finds all of it there.
    private volatile byte[] _bytes = [];
    private long _published;

    public NameLogPosition End => NameLogPosition.Unpack(Volatile.Read(ref _published));

    /// <summary>Adds a name and returns its index, counted from 0.</summary>
    public int Add(ReadOnlySpan<byte> name)
    {
        if (!NameRules.IsValid(name))
        {
            throw new ArgumentException(NameRules.Explain(name), nameof(name));
        }

        var end = NameLogPosition.Unpack(_published);
        var needed = end.Bytes + 1 + name.Length;
        if (needed > _bytes.Length)
        {
            Grow(needed, name);
        }

        _bytes[end.Bytes] = (byte)name.Length;
        name.CopyTo(_bytes.AsSpan(end.Bytes + 1));
        Volatile.Write(ref _published, new NameLogPosition(end.Names + 1, needed).Pack());
        return end.Names;
    }

    /// <summary>Whole names from a position towards another, as many as fit in a number of bytes, at least one.</summary>
    public ReadOnlySpan<byte> Slice(NameLogPosition from, NameLogPosition to, int bytesMax, out NameLogPosition end)
    {
        var bytes = _bytes;
        end = to;
        if (to.Bytes - from.Bytes > bytesMax)
        {
            end = from;
            do
            {
                end = new NameLogPosition(end.Names + 1, end.Bytes + 1 + bytes[end.Bytes]);
            }
            while (end.Bytes + 1 + bytes[end.Bytes] - from.Bytes <= bytesMax);
        }

        return bytes.AsSpan(from.Bytes, end.Bytes - from.Bytes);
    }

    private void Grow(int needed, ReadOnlySpan<byte> name)
    {
        if ((uint)needed > Array.MaxLength)
        {
            throw new ArgumentException(
                $"name '{Encoding.ASCII.GetString(name)}' cannot be added: the dictionary holds 2 GB of names");
        }

        var grown = new byte[Math.Clamp(2L * _bytes.Length, Math.Max(needed, 256), Array.MaxLength)];
        _bytes.CopyTo(grown, 0);
        _bytes = grown;
    }
}

using System.Collections.Concurrent;
using System.Text;

namespace Grid.Domain.Identifiers;

/// <summary>
/// Interns names (1 to 64 printable ASCII bytes) to small numbers, once per process. Index 0 is always the empty name
/// and means "none". Numbers are given in the order of first use, differ from process to process and must never be
/// written anywhere without the name beside them.
/// </summary>
/// <remarks>Any thread may add and look up; a look-up takes no lock and allocates nothing.</remarks>
public sealed class NameTable
{
    private readonly Lock growing = new();
    private readonly ConcurrentDictionary<byte[], int> indexes;
    private readonly ConcurrentDictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private readonly int countMax;

    // names[0..count) are complete; count is published after the name it covers.
    private volatile byte[][] names;
    private volatile int count;

    /// <summary>A table that holds at most <paramref name="countMax"/> names, the empty one included.</summary>
    public NameTable(int countMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        this.countMax = countMax;
        indexes = new ConcurrentDictionary<byte[], int>(NameComparer.Instance);
        lookup = indexes.GetAlternateLookup<ReadOnlySpan<byte>>();
        names = new byte[16][];
        names[0] = [];
        count = 1;
        indexes[names[0]] = 0;
    }

    /// <summary>Names held, the empty one included.</summary>
    public int Count => count;

    /// <summary>The name of an index given by this table.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index was not given by this table.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)count, nameof(index));
            return names[index];
        }
    }

    /// <summary>The name as text.</summary>
    public string Text(int index) => Encoding.ASCII.GetString(this[index]);

    /// <summary>The index of a name, or -1 if it was never added.</summary>
    public int Find(ReadOnlySpan<byte> name) => lookup.TryGetValue(name, out var index) ? index : -1;

    /// <summary>The index of a name, or -1 if it was never added.</summary>
    public int Find(string name)
    {
        Span<byte> bytes = stackalloc byte[NameRules.LengthMax];
        return NameRules.TryEncode(name, bytes, out var length) ? Find(bytes[..length]) : -1;
    }

    /// <summary>The index of a name, added if it is new.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or the table is full.</exception>
    public int GetOrAdd(ReadOnlySpan<byte> name) => lookup.TryGetValue(name, out var index) ? index : Add(name);

    /// <summary>The index of a name, added if it is new.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or the table is full.</exception>
    public int GetOrAdd(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Span<byte> bytes = stackalloc byte[NameRules.LengthMax];
        if (!NameRules.TryEncode(name, bytes, out var length))
        {
            throw new ArgumentException(NameRules.Explain(name), nameof(name));
        }

        return GetOrAdd(bytes[..length]);
    }

    private int Add(ReadOnlySpan<byte> name)
    {
        if (!NameRules.IsValid(name))
        {
            throw new ArgumentException(NameRules.Explain(name), nameof(name));
        }

        lock (growing)
        {
            if (lookup.TryGetValue(name, out var existing))
            {
                return existing;
            }

            if (count == countMax)
            {
                throw new ArgumentException($"name '{Encoding.ASCII.GetString(name)}' cannot be added: the table holds its limit of {countMax - 1} names", nameof(name));
            }

            if (count == names.Length)
            {
                var grown = names;
                Array.Resize(ref grown, (int)Math.Min((long)count * 2, countMax));
                names = grown;
            }

            var index = count;
            var copy = name.ToArray();
            names[index] = copy;
            count = index + 1;
            indexes[copy] = index;
            return index;
        }
    }

    private sealed class NameComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly NameComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] name) => GetHashCode(name.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

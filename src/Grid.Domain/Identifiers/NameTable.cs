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
    private readonly Lock _growing = new();
    private readonly ConcurrentDictionary<byte[], int> _indexes;
    private readonly ConcurrentDictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly int _countMax;

    // _names[0.._count) are complete; _count is published after the name it covers.
    private volatile byte[][] _names;
    private volatile int _count;

    /// <summary>A table that holds at most <paramref name="countMax"/> names, the empty one included.</summary>
    public NameTable(int countMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        _countMax = countMax;
        _indexes = new ConcurrentDictionary<byte[], int>(NameComparer.Instance);
        _lookup = _indexes.GetAlternateLookup<ReadOnlySpan<byte>>();
        _names = new byte[16][];
        _names[0] = [];
        _count = 1;
        _indexes[_names[0]] = 0;
    }

    /// <summary>Names held, the empty one included.</summary>
    public int Count => _count;

    /// <summary>The name of an index given by this table.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index was not given by this table.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
            return _names[index];
        }
    }

    /// <summary>The name as text.</summary>
    public string Text(int index) => Encoding.ASCII.GetString(this[index]);

    /// <summary>The index of a name, or -1 if it was never added.</summary>
    public int Find(ReadOnlySpan<byte> name) => _lookup.TryGetValue(name, out var index) ? index : -1;

    /// <summary>The index of a name, or -1 if it was never added.</summary>
    public int Find(string name)
    {
        Span<byte> bytes = stackalloc byte[NameRules.LengthMax];
        return NameRules.TryEncode(name, bytes, out var length) ? Find(bytes[..length]) : -1;
    }

    /// <summary>The index of a name, added if it is new.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or the table is full.</exception>
    public int GetOrAdd(ReadOnlySpan<byte> name) => _lookup.TryGetValue(name, out var index) ? index : Add(name);

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

        lock (_growing)
        {
            if (_lookup.TryGetValue(name, out var existing))
            {
                return existing;
            }

            if (_count == _countMax)
            {
                throw new ArgumentException($"name '{Encoding.ASCII.GetString(name)}' cannot be added: the table holds its limit of {_countMax - 1} names", nameof(name));
            }

            if (_count == _names.Length)
            {
                var grown = _names;
                Array.Resize(ref grown, (int)Math.Min((long)_count * 2, _countMax));
                _names = grown;
            }

            var index = _count;
            var copy = name.ToArray();
            _names[index] = copy;
            _count = index + 1;
            _indexes[copy] = index;
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

using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Grid.Gateway.Publishing;

/// <summary>The numbers that one feed gave to the names of one kind, looked up by bytes without making a string. Numbers start at 1.</summary>
internal sealed class NameNumbers
{
    private readonly Dictionary<byte[], int> _numbers = new(NameHash.Instance);
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;

    // What was asked last: a body's rows mostly share source, venue and channel.
    private byte[] _lastName = [];
    private int _lastNumber;

    public NameNumbers() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Names held.</summary>
    public int Count => _numbers.Count;

    /// <summary>The number of a name, or 0 if it has none.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual(_lastName))
        {
            return _lastNumber;
        }

        if (!_lookup.TryGetValue(name, out var known, out var number))
        {
            return 0;
        }

        _lastName = known;
        _lastNumber = number;
        return number;
    }

    /// <summary>Gives the next number to a name that has none.</summary>
    public int Add(ReadOnlySpan<byte> name)
    {
        var number = _numbers.Count + 1;
        _numbers.Add(name.ToArray(), number);
        return number;
    }

    // Names come from clients, so the hash begins with a number that they do not know.
    private sealed class NameHash : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        private const ulong Odd = 0x9E37_79B9_7F4A_7C15;

        public static readonly NameHash Instance = new();

        private readonly ulong _seed = MemoryMarshal.Read<ulong>(RandomNumberGenerator.GetBytes(sizeof(ulong)));

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public int GetHashCode(byte[] name) => GetHashCode(name.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = _seed ^ (uint)alternate.Length;
            for (; alternate.Length >= sizeof(ulong); alternate = alternate[sizeof(ulong)..])
            {
                hash = Mix(hash ^ MemoryMarshal.Read<ulong>(alternate));
            }

            ulong rest = 0;
            foreach (var b in alternate)
            {
                rest = (rest << 8) | b;
            }

            return (int)(Mix(hash ^ rest) >> 32);
        }

        private static ulong Mix(ulong value)
        {
            var high = Math.BigMul(value, Odd, out var low);
            return BitOperations.RotateLeft(low, 23) ^ high;
        }
    }
}

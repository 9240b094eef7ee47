using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Grid.Gateway.Access;

/// <summary>
/// Counts refused keys by address. An address with too many is answered that it tries too often, and no longer written to
/// the log one by one; a right key is let in all the same, or one client behind a proxy could lock out its neighbours.
/// </summary>
internal sealed class FailedAttempts(TimeProvider time, int perMinute, int addressesMax)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, TokenBucket> _addresses = [];

    // Shared by addresses that come when the table is full of others that fail as well.
    private readonly TokenBucket _rest = New(time, perMinute);

    /// <summary>Notes one; true, with the time until the next is answered properly, if there were too many.</summary>
    public bool IsOneTooMany(IPAddress? address, out TimeSpan wait)
    {
        TokenBucket? bucket;
        var key = KeyOf(address);
        lock (_gate)
        {
            if (!_addresses.TryGetValue(key, out bucket))
            {
                bucket = Add(key);
            }
        }

        return !bucket.TryTake(out wait);
    }

    private TokenBucket Add(UInt128 key)
    {
        if (_addresses.Count >= addressesMax)
        {
            foreach (var (address, _) in _addresses.Where(a => a.Value.IsFull).ToList())
            {
                _addresses.Remove(address);
            }

            if (_addresses.Count >= addressesMax)
            {
                return _rest;
            }
        }

        var bucket = New(time, perMinute);
        _addresses.Add(key, bucket);
        return bucket;
    }

    private static TokenBucket New(TimeProvider time, int perMinute) => new(time, TimeSpan.FromMinutes(1) / perMinute, perMinute);

    // Of IPv6 the network: who has one address has 2^64 of them.
    private static UInt128 KeyOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (address is not null && address.TryWriteBytes(bytes, out _) && address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            bytes[8..].Clear();
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Dedup;

/// <summary>
/// Tells events that repeat an earlier one of the same instrument, for the policy <see cref="DedupPolicy.Content"/>: equal
/// in everything but sequence number and receive time, and received within a short time of it. Lossy: in real trade data
/// 6 to 18 % of identical rows are genuine prints.
/// </summary>
/// <remarks>Bounded: the newest <see cref="EventsMax"/> events are remembered. A repeat is not remembered again.</remarks>
public sealed class ContentWindow
{
    /// <summary>Events remembered.</summary>
    public const int EventsMax = 256;

    /// <summary>How far apart, by receive time, two equal events may be to be one: 10 s.</summary>
    public const long WindowNs = 10 * UnixNanos.PerSecond;

    private const byte Version = 1;
    private const int EventBytes = 80;
    private const int ReceiveTimeAt = 40;

    // A ring: entries [0..count) are remembered, the next one goes to `next`, which is `count` until the ring is full.
    // hashes[i] is the hash of events[i], whose Sequence holds a fingerprint of its wider part.
    private ulong[] _hashes = [];
    private MarketEvent[] _events = [];
    private int _count;
    private int _next;

    /// <summary>Events remembered now.</summary>
    public int Count => _count;

    /// <summary>True if the event repeats one that is remembered; if not, it is remembered.</summary>
    /// <param name="e">The event.</param>
    /// <param name="wide">The encoded wider part of a run or definition; empty for other kinds.</param>
    public bool IsRepeat(in MarketEvent e, ReadOnlySpan<byte> wide = default)
    {
        var content = e;
        content.Flags &= EventFlags.FromFeed;
        content.Detail = 0;
        content.Sequence = Fingerprint(wide);
        var hash = Hash(in content);
        for (var from = 0; from < _count;)
        {
            var found = _hashes.AsSpan(from, _count - from).IndexOf(hash);
            if (found < 0)
            {
                break;
            }

            if (IsSame(in _events[from + found], in content))
            {
                return true;
            }

            from += found + 1;
        }

        Remember(in content, hash);
        return false;
    }

    /// <summary>Writes it; for <see cref="Load"/>.</summary>
    public void Save(StateWriter writer)
    {
        writer.Put(Version);
        writer.Put(_next);
        writer.Put<MarketEvent>(_events.AsSpan(0, _count));
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are not a window's.</exception>
    public static ContentWindow Load(ref StateReader reader)
    {
        var version = reader.Take<byte>();
        if (version != Version)
        {
            throw new FormatException($"a saved content window has version {version}; this program knows {Version}");
        }

        var window = new ContentWindow { _next = reader.Take<int>(), _events = reader.TakeArray<MarketEvent>(EventsMax) };
        window._count = window._events.Length;
        window._hashes = Array.ConvertAll(window._events, e => Hash(in e));
        var isFull = window._count == EventsMax;
        if (isFull ? (uint)window._next >= EventsMax : window._next != window._count)
        {
            throw new FormatException($"a saved content window of {window._count} events goes on at {window._next}");
        }

        return window;
    }

    /// <summary>Shows the numbers of names in it to a visitor.</summary>
    public void VisitNames(NameVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        for (var i = 0; i < _count; i++)
        {
            visitor.Visit(ref _events[i]);
            _hashes[i] = Hash(in _events[i]);
        }
    }

    private void Remember(in MarketEvent content, ulong hash)
    {
        if (_next == _events.Length)
        {
            Array.Resize(ref _events, Math.Min(Math.Max(8, _next * 2), EventsMax));
            Array.Resize(ref _hashes, _events.Length);
        }

        _events[_next] = content;
        _hashes[_next] = hash;
        _count = Math.Max(_count, _next + 1);
        _next = _next + 1 == EventsMax ? 0 : _next + 1;
    }

    private static bool IsSame(in MarketEvent held, in MarketEvent content)
    {
        var a = MemoryMarshal.AsBytes(new ReadOnlySpan<MarketEvent>(in held));
        var b = MemoryMarshal.AsBytes(new ReadOnlySpan<MarketEvent>(in content));
        var apart = (Int128)content.ReceiveTime.Value - held.ReceiveTime.Value;
        return a[..ReceiveTimeAt].SequenceEqual(b[..ReceiveTimeAt])
            && a[(ReceiveTimeAt + 8)..EventBytes].SequenceEqual(b[(ReceiveTimeAt + 8)..EventBytes])
            && Int128.Abs(apart) <= WindowNs;
    }

    private static ulong Fingerprint(ReadOnlySpan<byte> wide)
    {
        if (wide.IsEmpty)
        {
            return 0;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(wide, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    // Only has to spread: equality is decided on the whole content.
    private static ulong Hash(in MarketEvent content)
    {
        const ulong Odd = 0x9E37_79B9_7F4A_7C15;
        var hash = (ulong)content.EventTime.Value;
        hash = (hash * Odd) ^ (ulong)content.F0;
        hash = (hash * Odd) ^ (ulong)content.F1;
        hash = (hash * Odd) ^ (ulong)content.F2;
        hash = (hash * Odd) ^ (ulong)content.F3;
        hash = (hash * Odd) ^ ((ulong)content.Conditions << 32) ^ content.Venue.Value ^ ((ulong)content.Kind << 16) ^ ((ulong)content.Flags << 24);
        return (hash * Odd) ^ content.Sequence ^ (hash >> 29);
    }
}

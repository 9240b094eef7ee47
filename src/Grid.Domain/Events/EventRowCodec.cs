using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Events;

/// <summary>
/// One event as a short row that says how it differs from the row before it. The same rows are on the wire, in the
/// journal and in the hot store. A trade of a mixed stream takes about 16 bytes instead of 80.
/// </summary>
/// <remarks>
/// <code>
/// row     := mask:u8  control:u32  context  number*7  extension
/// mask    := bit 0 kind and flags follow (u8 u8) | 1 source (u16) | 2 channel (u32) | 3 session (u32) | 4 venue (u16)
///            | 5 conditions (u32) | 6 receive time (i64) | 7 extension (u16 length, then its bytes)
/// control := eight nibbles, lowest first: bytes (0 to 8) of instrument, sequence, event time, F0, F1, F2, F3;
///            the last nibble's bit i says that Fi is divided by its unit (F0, F2: 10^4; F1: 10^8; F3: 10^8)
/// number  := little endian, without its high zero bytes. instrument: the number itself, no bytes = as in the row before.
///            sequence and event time: zigzag of the difference to the row before. Fi: zigzag.
/// </code>
/// What the mask does not announce is as in the row before; before the first row everything is zero. All little endian.
/// </remarks>
public static class EventRowCodec
{
    private const long PriceUnit = 10_000;
    private const long SizeUnit = 100_000_000;

    /// <summary>
    /// Writes a row and returns its bytes. <paramref name="target"/> must have <see cref="GridLimits.EventRowBytesMax"/> bytes,
    /// eight of slack and the extension's length. <paramref name="previous"/> becomes the event.
    /// </summary>
    [SkipLocalsInit]
    public static int Write(ref byte target, in MarketEvent e, ref MarketEvent previous, ReadOnlySpan<byte> extension = default)
    {
        ref var at = ref WriteContext(ref Unsafe.Add(ref target, 5), in e, in previous, out var mask);
        uint control = 0;
        at = ref PutNumber(ref at, e.Instrument == previous.Instrument ? 0UL : e.Instrument.Value, 0, ref control);
        at = ref PutNumber(ref at, ZigZag((long)(e.Sequence - previous.Sequence)), 4, ref control);
        at = ref PutNumber(ref at, ZigZag(e.EventTime.Value - previous.EventTime.Value), 8, ref control);
        at = ref PutNumber(ref at, Scaled(e.F0, PriceUnit, 28, ref control), 12, ref control);
        at = ref PutNumber(ref at, Scaled(e.F1, SizeUnit, 29, ref control), 16, ref control);
        at = ref PutNumber(ref at, Scaled(e.F2, PriceUnit, 30, ref control), 20, ref control);
        at = ref PutNumber(ref at, Scaled(e.F3, SizeUnit, 31, ref control), 24, ref control);
        if (!extension.IsEmpty)
        {
            mask |= 128;
            Put(ref at, (ushort)extension.Length);
            extension.CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref at, 2), extension.Length));
            at = ref Unsafe.Add(ref at, 2 + extension.Length);
        }

        target = (byte)mask;
        Put(ref Unsafe.Add(ref target, 1), control);
        previous = e;
        return (int)Unsafe.ByteOffset(ref target, ref at);
    }

    /// <summary>
    /// Reads a row into <paramref name="e"/>, which holds the row before it. The source must have
    /// <see cref="GridLimits.EventRowBytesMax"/> readable bytes and eight of slack; gives the row's bytes without its
    /// extension, 0 if a length is over 8. An extension's length is given apart, its bytes follow the row.
    /// </summary>
    public static int Read(ref byte source, ref MarketEvent e, out int extensionLength)
    {
        extensionLength = 0;
        int mask = source;
        var control = Get<uint>(ref Unsafe.Add(ref source, 1));
        var eights = control & 0x0888_8888;
        if ((control & ((eights >> 3) * 7)) != 0)
        {
            return 0;
        }

        ref var at = ref Unsafe.Add(ref source, 5);
        if ((mask & 0x7F) != 0)
        {
            at = ref ReadContext(ref at, mask, ref e);
        }

        var instrument = (uint)GetNumber(ref at, control & 15);
        e.Instrument = (control & 15) == 0 ? e.Instrument : new InstrumentId(instrument);
        at = ref Unsafe.Add(ref at, control & 15);
        e.Sequence += (ulong)UnZigZag(GetNumber(ref at, (control >> 4) & 15));
        at = ref Unsafe.Add(ref at, (control >> 4) & 15);
        e.EventTime = new UnixNanos(e.EventTime.Value + UnZigZag(GetNumber(ref at, (control >> 8) & 15)));
        at = ref Unsafe.Add(ref at, (control >> 8) & 15);
        e.F0 = UnZigZag(GetNumber(ref at, (control >> 12) & 15)) * ((control & (1u << 28)) != 0 ? PriceUnit : 1);
        at = ref Unsafe.Add(ref at, (control >> 12) & 15);
        e.F1 = UnZigZag(GetNumber(ref at, (control >> 16) & 15)) * ((control & (1u << 29)) != 0 ? SizeUnit : 1);
        at = ref Unsafe.Add(ref at, (control >> 16) & 15);
        e.F2 = UnZigZag(GetNumber(ref at, (control >> 20) & 15)) * ((control & (1u << 30)) != 0 ? PriceUnit : 1);
        at = ref Unsafe.Add(ref at, (control >> 20) & 15);
        e.F3 = UnZigZag(GetNumber(ref at, (control >> 24) & 15)) * ((control & (1u << 31)) != 0 ? SizeUnit : 1);
        at = ref Unsafe.Add(ref at, (control >> 24) & 15);
        if ((mask & 128) != 0)
        {
            extensionLength = Get<ushort>(ref at);
            at = ref Unsafe.Add(ref at, 2);
        }

        return (int)Unsafe.ByteOffset(ref source, ref at);
    }

    private static ref byte WriteContext(ref byte at, in MarketEvent e, in MarketEvent previous, scoped out int mask)
    {
        mask = 0;
        if (e.Kind != previous.Kind || e.Flags != previous.Flags)
        {
            mask |= 1;
            Put(ref at, (ushort)((byte)e.Kind | ((byte)e.Flags << 8)));
            at = ref Unsafe.Add(ref at, 2);
        }

        if (e.Source != previous.Source)
        {
            mask |= 2;
            Put(ref at, e.Source.Value);
            at = ref Unsafe.Add(ref at, 2);
        }

        if (e.Channel != previous.Channel)
        {
            mask |= 4;
            Put(ref at, e.Channel.Value);
            at = ref Unsafe.Add(ref at, 4);
        }

        if (e.Session != previous.Session)
        {
            mask |= 8;
            Put(ref at, e.Session);
            at = ref Unsafe.Add(ref at, 4);
        }

        if (e.Venue != previous.Venue)
        {
            mask |= 16;
            Put(ref at, e.Venue.Value);
            at = ref Unsafe.Add(ref at, 2);
        }

        if (e.Conditions != previous.Conditions)
        {
            mask |= 32;
            Put(ref at, e.Conditions);
            at = ref Unsafe.Add(ref at, 4);
        }

        if (e.ReceiveTime != previous.ReceiveTime)
        {
            mask |= 64;
            Put(ref at, e.ReceiveTime.Value);
            at = ref Unsafe.Add(ref at, 8);
        }

        return ref at;
    }

    private static ref byte ReadContext(ref byte at, int mask, ref MarketEvent e)
    {
        if ((mask & 1) != 0)
        {
            e.Kind = (EventKind)at;
            e.Flags = (EventFlags)Unsafe.Add(ref at, 1);
            at = ref Unsafe.Add(ref at, 2);
        }

        if ((mask & 2) != 0)
        {
            e.Source = new SourceId(Get<ushort>(ref at));
            at = ref Unsafe.Add(ref at, 2);
        }

        if ((mask & 4) != 0)
        {
            e.Channel = new ChannelId(Get<uint>(ref at));
            at = ref Unsafe.Add(ref at, 4);
        }

        if ((mask & 8) != 0)
        {
            e.Session = Get<uint>(ref at);
            at = ref Unsafe.Add(ref at, 4);
        }

        if ((mask & 16) != 0)
        {
            e.Venue = new VenueId(Get<ushort>(ref at));
            at = ref Unsafe.Add(ref at, 2);
        }

        if ((mask & 32) != 0)
        {
            e.Conditions = Get<uint>(ref at);
            at = ref Unsafe.Add(ref at, 4);
        }

        if ((mask & 64) != 0)
        {
            e.ReceiveTime = new UnixNanos(Get<long>(ref at));
            at = ref Unsafe.Add(ref at, 8);
        }

        return ref at;
    }

    private static ulong Scaled(long value, long unit, int bit, scoped ref uint control)
    {
        var quotient = value / unit;
        if (value == 0 || quotient * unit != value)
        {
            return ZigZag(value);
        }

        control |= 1u << bit;
        return ZigZag(quotient);
    }

    // Eight bytes are written whatever the length; the next number overwrites what is too much.
    private static ref byte PutNumber(ref byte at, ulong value, int shift, scoped ref uint control)
    {
        var length = (71 - BitOperations.LeadingZeroCount(value)) >> 3;
        control |= (uint)length << shift;
        Put(ref at, value);
        return ref Unsafe.Add(ref at, length);
    }

    private static ulong GetNumber(ref byte at, uint length)
    {
        var word = Get<ulong>(ref at);
        if (Bmi2.X64.IsSupported)
        {
            return Bmi2.X64.ZeroHighBits(word, length * 8);
        }

        return length == 0 ? 0 : word & (ulong.MaxValue >> (int)(64 - (length * 8)));
    }

    private static void Put<T>(ref byte at, T value)
        where T : unmanaged => Unsafe.WriteUnaligned(ref at, value);

    private static T Get<T>(ref byte at)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(ref at);

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}

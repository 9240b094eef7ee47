using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Grid.Domain;

/// <summary>
/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected, inverted at both ends), as in iSCSI and in the processor's
/// own instruction. It protects journal frames and frames on the wire.
/// </summary>
/// <remarks>
/// The instruction takes three cycles but a new one can start in each, so long spans are read as three streams whose
/// results are joined: R(A‖B) = Shift(R(A), |B|) xor R(B), where Shift(x, n) is what n zero bytes make of x. Shift is
/// linear, so four tables of 256 entries hold it for each stream length used.
/// </remarks>
public static class Crc32C
{
    // Two stream lengths: long spans want few joins, a 1 KB frame wants to be interleaved at all.
    private static readonly ZeroShift Long = new(streamBytes: 2048);
    private static readonly ZeroShift Short = new(streamBytes: 256);

    /// <summary>The checksum of a span; 0 for an empty one, 0xE3069283 for <c>123456789</c>.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of what <paramref name="crc"/> covers followed by <paramref name="bytes"/>.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        var register = ~crc;
        if (bytes.Length >= 3 * Short.StreamBytes)
        {
            register = ThreeStreams(register, ref bytes, Long);
            register = ThreeStreams(register, ref bytes, Short);
        }

        return ~OneStream(register, bytes);
    }

    private static uint OneStream(uint register, ReadOnlySpan<byte> bytes)
    {
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            register = BitOperations.Crc32C(register, LittleEndian(word));
        }

        foreach (var one in bytes[(bytes.Length & ~7)..])
        {
            register = BitOperations.Crc32C(register, one);
        }

        return register;
    }

    private static uint ThreeStreams(uint register, ref ReadOnlySpan<byte> bytes, ZeroShift shift)
    {
        var streamBytes = shift.StreamBytes;
        while (bytes.Length >= 3 * streamBytes)
        {
            ref var a = ref MemoryMarshal.GetReference(bytes);
            ref var b = ref Unsafe.Add(ref a, streamBytes);
            ref var c = ref Unsafe.Add(ref b, streamBytes);
            uint registerB = 0;
            uint registerC = 0;
            for (nint at = 0; at < streamBytes; at += sizeof(ulong))
            {
                register = BitOperations.Crc32C(register, Word(ref a, at));
                registerB = BitOperations.Crc32C(registerB, Word(ref b, at));
                registerC = BitOperations.Crc32C(registerC, Word(ref c, at));
            }

            register = shift.Apply(shift.Apply(register) ^ registerB) ^ registerC;
            bytes = bytes[(3 * streamBytes)..];
        }

        return register;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Word(ref byte start, nint at) =>
        LittleEndian(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, at)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong LittleEndian(ulong word) =>
        BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word);

    // What a fixed number of zero bytes makes of a register.
    private sealed class ZeroShift
    {
        // table[256 * k + v] is the shifted register that has only byte k set, to v.
        private readonly uint[] _table = new uint[4 * 256];

        public ZeroShift(int streamBytes)
        {
            StreamBytes = streamBytes;
            var zeros = new byte[streamBytes];
            for (var bit = 0; bit < 32; bit++)
            {
                var shifted = OneStream(1u << bit, zeros);
                var (k, mask) = (bit / 8, 1 << (bit % 8));
                for (var value = 0; value < 256; value++)
                {
                    if ((value & mask) != 0)
                    {
                        _table[(256 * k) + value] ^= shifted;
                    }
                }
            }
        }

        public int StreamBytes { get; }

        public uint Apply(uint register) =>
            _table[(byte)register]
            ^ _table[256 + (byte)(register >> 8)]
            ^ _table[512 + (byte)(register >> 16)]
            ^ _table[768 + (register >> 24)];
    }
}

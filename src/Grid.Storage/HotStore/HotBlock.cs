using System.Runtime.InteropServices;

namespace Grid.Storage.HotStore;

/// <summary>What the rows of a block are.</summary>
internal enum HotBlockKind : byte
{
    Ticks = 1,
    Records = 2,
}

/// <summary>
/// The beginning of a block. <see cref="Previous"/>, <see cref="OlderMaxTime"/>, <see cref="RecordBytes"/>,
/// <see cref="CapacityLog2"/> and <see cref="Kind"/> are written when the block is made and never change; the rest when
/// the next block of the chain is made. Until then the chain has them, and what is here means nothing.
/// </summary>
/// <remarks>
/// <code>
///  0                8                16               24               32     34     36     38    39    40
///  +----------------+----------------+----------------+----------------+------+------+------+-----+-----+
///  | previous i64   | older max i64  | min time i64   | max time i64   | used | count| recB | log2| kind|
///  +----------------+----------------+----------------+----------------+------+------+------+-----+-----+
///  ticks:    40 min sequence u64, 48 max sequence u64, 56 rows of EventRowCodec, the first against nothing;
///            extension of a row: outcome u8, then of a run the 50 bytes of RunDetail; none if accepted and no run
///  records:  40 rows of time i64 and the record's RecordBytes bytes
/// </code>
/// A block is 256 bytes, 1, 4 or 16 KB, at a multiple of 256, and lies in one extent. All little endian.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = HotBlock.HeaderBytes)]
internal struct HotBlockHeader
{
    // Logical offset of the chain's next older block; 0 if this is its first.
    [FieldOffset(0)]
    public long Previous;

    // Latest event time in all older blocks: a walk for newer events ends here. Unknown is the latest possible time.
    [FieldOffset(8)]
    public long OlderMaxTime;

    [FieldOffset(16)]
    public long MinTime;

    [FieldOffset(24)]
    public long MaxTime;

    // Bytes in use, this header included.
    [FieldOffset(32)]
    public ushort Used;

    [FieldOffset(34)]
    public ushort Count;

    // Bytes of one record without its time; 0 in a block of ticks.
    [FieldOffset(36)]
    public ushort RecordBytes;

    [FieldOffset(38)]
    public byte CapacityLog2;

    [FieldOffset(39)]
    public HotBlockKind Kind;

    // Of ticks only; a block of records has its first row here.
    [FieldOffset(40)]
    public ulong MinSequence;

    [FieldOffset(48)]
    public ulong MaxSequence;
}

/// <summary>Sizes of blocks and of what stands around them.</summary>
internal static class HotBlock
{
    public const int HeaderBytes = 56;
    public const int TickRowsAt = 56;
    public const int RecordRowsAt = 40;
    public const int RecordTimeBytes = 8;

    /// <summary>Blocks begin at multiples of this, and none is smaller.</summary>
    public const int SmallestBytes = 256;
    public const int SmallestLog2 = 8;
    public const int LargestLog2 = 14;

    /// <summary>A chain that has filled a block gets one four times as large: an instrument that ticks once costs 256 bytes.</summary>
    public const int GrowthLog2 = 2;

    /// <summary>Largest record that fits in a block.</summary>
    public const int RecordBytesMax = (1 << LargestLog2) - RecordRowsAt - RecordTimeBytes;

    /// <summary>The size of a block that follows one of the given size (0: none) and must have room for a first row.</summary>
    public static int NextLog2(int log2, int bytesNeeded)
    {
        var next = log2 == 0 ? SmallestLog2 : Math.Min(log2 + GrowthLog2, LargestLog2);
        while (1 << next < bytesNeeded)
        {
            next += GrowthLog2;
        }

        return next;
    }

    public static bool IsSize(int log2) => log2 is >= SmallestLog2 and <= LargestLog2 && (log2 - SmallestLog2) % GrowthLog2 == 0;
}

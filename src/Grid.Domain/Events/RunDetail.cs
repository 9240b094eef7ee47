using System.Buffers.Binary;
using Grid.Domain.Cusips;

namespace Grid.Domain.Events;

/// <summary>
/// What a dealer's run carries beyond the 80 bytes of its <see cref="MarketEvent"/>: the CUSIP, spreads in basis points
/// and yields in percent, each scaled by 1e-9, and the benchmark. An absent number is <see cref="Absent"/>.
/// </summary>
public readonly record struct RunDetail(Cusip Cusip, long BidSpread, long AskSpread, long BidYield, long AskYield, Cusip Benchmark)
{
    /// <summary>Marks a spread or yield that the run does not give.</summary>
    public const long Absent = long.MinValue;

    /// <summary>Bytes of the encoded form: CUSIP 9, four numbers of 8, benchmark 9 (zeros if none).</summary>
    public const int EncodedBytes = Cusip.Length + (4 * 8) + Cusip.Length;

    /// <summary>Writes the encoded form.</summary>
    public void Write(Span<byte> target)
    {
        Cusip.Write(target);
        BinaryPrimitives.WriteInt64LittleEndian(target[9..], BidSpread);
        BinaryPrimitives.WriteInt64LittleEndian(target[17..], AskSpread);
        BinaryPrimitives.WriteInt64LittleEndian(target[25..], BidYield);
        BinaryPrimitives.WriteInt64LittleEndian(target[33..], AskYield);
        target.Slice(41, Cusip.Length).Clear();
        if (!Benchmark.IsNone)
        {
            Benchmark.Write(target[41..]);
        }
    }

    /// <summary>Reads the encoded form; false if its length or a CUSIP is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out RunDetail detail)
    {
        detail = default;
        if (source.Length != EncodedBytes || !Cusip.TryParse(source[..9], out var cusip))
        {
            return false;
        }

        var benchmark = default(Cusip);
        if (source[41] != 0 && !Cusip.TryParse(source.Slice(41, Cusip.Length), out benchmark))
        {
            return false;
        }

        detail = new RunDetail(
            cusip,
            BinaryPrimitives.ReadInt64LittleEndian(source[9..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[17..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[25..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[33..]),
            benchmark);
        return true;
    }
}

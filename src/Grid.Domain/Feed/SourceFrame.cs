using System.Buffers.Binary;
using System.Text;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Feed;

/// <summary>A declaration of a source on the wire.</summary>
/// <remarks>
/// <code>
/// payload := policy:u8  unknownInstrument:u8  flags:u8 (bit 0 contiguous)  nameLength:u8
///            notLast:u32  notHighLow:u32  notVolume:u32  source:name
/// </code>
/// </remarks>
public static class SourceFrame
{
    private const int FixedBytes = 16;
    private const byte Contiguous = 1;

    /// <summary>The whole frame.</summary>
    /// <exception cref="ArgumentException">The source's name breaks its rule.</exception>
    public static byte[] ToFrame(SourceDeclaration source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var name = Encoding.UTF8.GetBytes(source.Name);
        if (!NameRules.IsValid(name))
        {
            throw new ArgumentException($"source: {NameRules.Explain(name)}");
        }

        var frame = new byte[FeedHeader.Bytes + FixedBytes + name.Length];
        var payload = frame.AsSpan(FeedHeader.Bytes);
        payload[0] = (byte)source.Policy;
        payload[1] = (byte)source.UnknownInstrument;
        payload[2] = source.IsContiguous ? Contiguous : (byte)0;
        payload[3] = (byte)name.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(payload[4..], source.NotLastConditions);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[8..], source.NotHighLowConditions);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[12..], source.NotVolumeConditions);
        name.CopyTo(payload[FixedBytes..]);
        FeedHeader.Seal(frame, FeedFrameType.Source, 0);
        return frame;
    }

    /// <summary>Reads a payload; false with a refusal if it is not well formed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out SourceDeclaration source, out FeedRefusal refusal)
    {
        source = None;
        refusal = Check(payload);
        if (refusal.Code != GridErrorCode.None)
        {
            return false;
        }

        source = new SourceDeclaration
        {
            Name = Encoding.ASCII.GetString(payload[FixedBytes..]),
            Policy = (DedupPolicy)payload[0],
            UnknownInstrument = (UnknownInstrumentAction)payload[1],
            IsContiguous = payload[2] == Contiguous,
            NotLastConditions = BinaryPrimitives.ReadUInt32LittleEndian(payload[4..]),
            NotHighLowConditions = BinaryPrimitives.ReadUInt32LittleEndian(payload[8..]),
            NotVolumeConditions = BinaryPrimitives.ReadUInt32LittleEndian(payload[12..]),
        };
        return true;
    }

    private static readonly SourceDeclaration None = new() { Name = string.Empty };

    private static FeedRefusal Check(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < FixedBytes)
        {
            return FeedRefusal.Malformed($"Source has {payload.Length} bytes of payload; it has at least {FixedBytes}");
        }

        if (payload[0] > (byte)DedupPolicy.None)
        {
            return FeedRefusal.Malformed($"Source has the policy {payload[0]}; 0 (sequence), 1 (batch), 2 (content) and 3 (none) are known");
        }

        if (payload[1] > (byte)UnknownInstrumentAction.Reject)
        {
            return FeedRefusal.Malformed($"Source has the action {payload[1]} for unknown instruments; 0 (accept), 1 (flag) and 2 (reject) are known");
        }

        if (payload[2] > Contiguous)
        {
            return FeedRefusal.Malformed($"Source has the flags 0x{payload[2]:X2}; only bit 0 (contiguous) is known");
        }

        var name = payload[FixedBytes..];
        if (payload[3] != name.Length)
        {
            return FeedRefusal.Malformed($"Source says that its name has {payload[3]} bytes, but {name.Length} follow");
        }

        return NameRules.IsValid(name) ? default : new(GridErrorCode.BadName, $"Source: {NameRules.Explain(name)}");
    }
}

using System.Buffers.Binary;
using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Feed;

/// <summary>How sure an event must be before it is acknowledged, as a client asks for it.</summary>
public enum FeedAck : byte
{
    /// <summary>Parsed and queued in memory.</summary>
    Received = 0,

    /// <summary>Flushed to the journal and applied.</summary>
    Journaled = 1,

    /// <summary>In PostgreSQL.</summary>
    Committed = 2,
}

/// <summary>The first frame of a connection: who sends, in which life, and what acknowledgement it wants.</summary>
/// <remarks>
/// <code>payload := magic:u8*8 ("GRIDFEED")  version:u8  ack:u8  nameLength:u8  zero:u8  epoch:u64  producer:name</code>
/// </remarks>
/// <param name="Producer">The producer's name, see <see cref="NameRules"/>.</param>
/// <param name="Epoch">One life of it; grows with every start.</param>
/// <param name="Ack">The acknowledgement it wants.</param>
public sealed record HelloFrame(string Producer, ulong Epoch, FeedAck Ack)
{
    /// <summary>Largest payload.</summary>
    public const int PayloadBytesMax = FixedBytes + GridLimits.NameBytesMax;

    private const int FixedBytes = 20;

    /// <summary>The whole frame.</summary>
    /// <exception cref="ArgumentException">The producer's name breaks its rule.</exception>
    public byte[] ToFrame()
    {
        var name = Encoding.UTF8.GetBytes(Producer);
        if (!NameRules.IsValid(name))
        {
            throw new ArgumentException($"producer: {NameRules.Explain(name)}");
        }

        var frame = new byte[FeedHeader.Bytes + FixedBytes + name.Length];
        var payload = frame.AsSpan(FeedHeader.Bytes);
        FeedProtocol.Magic.CopyTo(payload);
        payload[8] = FeedProtocol.Version;
        payload[9] = (byte)Ack;
        payload[10] = (byte)name.Length;
        BinaryPrimitives.WriteUInt64LittleEndian(payload[12..], Epoch);
        name.CopyTo(payload[FixedBytes..]);
        FeedHeader.Seal(frame, FeedFrameType.Hello, 0);
        return frame;
    }

    /// <summary>Reads a payload; false with a refusal if it is not well formed or of another version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out HelloFrame hello, out FeedRefusal refusal)
    {
        hello = None;
        refusal = Check(payload);
        if (refusal.Code != GridErrorCode.None)
        {
            return false;
        }

        hello = new HelloFrame(
            Encoding.ASCII.GetString(payload[FixedBytes..]), BinaryPrimitives.ReadUInt64LittleEndian(payload[12..]), (FeedAck)payload[9]);
        return true;
    }

    private static readonly HelloFrame None = new(string.Empty, 0, FeedAck.Received);

    private static FeedRefusal Check(ReadOnlySpan<byte> payload)
    {
        var shown = payload[..Math.Min(payload.Length, FeedProtocol.Magic.Length)];
        if (!shown.SequenceEqual(FeedProtocol.Magic))
        {
            return FeedRefusal.Malformed($"Hello begins with 0x{Convert.ToHexString(shown)}; it must begin with 'GRIDFEED'");
        }

        if (payload.Length < FixedBytes)
        {
            return FeedRefusal.Malformed($"Hello has {payload.Length} bytes of payload; it has at least {FixedBytes}");
        }

        if (payload[8] != FeedProtocol.Version)
        {
            return new(GridErrorCode.UnsupportedVersion, $"Hello asks for protocol version {payload[8]}; this server speaks version {FeedProtocol.Version}");
        }

        if (payload[9] > (byte)FeedAck.Committed)
        {
            return FeedRefusal.Malformed($"Hello asks for acknowledgement {payload[9]}; 0 (received), 1 (journaled) and 2 (committed) are known");
        }

        var name = payload[FixedBytes..];
        if (payload[10] != name.Length)
        {
            return FeedRefusal.Malformed($"Hello says that its producer's name has {payload[10]} bytes, but {name.Length} follow");
        }

        return NameRules.IsValid(name) ? default : new(GridErrorCode.BadName, $"Hello's producer: {NameRules.Explain(name)}");
    }
}

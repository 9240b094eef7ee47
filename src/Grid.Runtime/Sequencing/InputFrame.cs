using System.Buffers.Binary;
using System.Text;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Storage;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// Head of a journal frame of type Input; the batch payload, as its producer sent it, follows.
/// </summary>
/// <remarks><code>head := epoch:u64  batch:u64  received:i64  producer length:u8  producer bytes</code>All little endian.</remarks>
internal static class InputFrame
{
    public const int HeadBytesMax = FixedBytes + GridLimits.NameBytesMax;
    private const int FixedBytes = 25;

    public static int WriteHead(Span<byte> target, ulong epoch, ulong batch, UnixNanos receivedAt, ReadOnlySpan<byte> producer)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], batch);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], receivedAt.Value);
        target[24] = (byte)producer.Length;
        producer.CopyTo(target[FixedBytes..]);
        return FixedBytes + producer.Length;
    }

    public static ReadOnlySpan<byte> Read(ReadOnlySpan<byte> frame, ulong lsn, out InputHead head)
    {
        if (frame.Length < FixedBytes || frame.Length < FixedBytes + frame[24])
        {
            throw new GridStorageException($"journal frame {lsn} is an input of {frame.Length} bytes: too short for its head");
        }

        head = new InputHead(
            BinaryPrimitives.ReadUInt64LittleEndian(frame),
            BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]),
            new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(frame[16..])),
            Encoding.ASCII.GetString(frame.Slice(FixedBytes, frame[24])));
        return frame[(FixedBytes + frame[24])..];
    }
}

/// <summary>What an input frame says of its batch.</summary>
internal readonly record struct InputHead(ulong Epoch, ulong Batch, UnixNanos ReceivedAt, string Producer);

using System.Buffers;
using Grid.Domain;
using Grid.Domain.Dedup;

namespace Grid.Runtime.Sequencing;

/// <summary>A source's declaration as the payload of a journal frame of type Source, and in snapshots.</summary>
/// <remarks><code>payload := version:u8 (1)  policy:u8  contiguous:u8  unknown instrument:u8  not last:u32  not high/low:u32  not volume:u32  name (length:i32, bytes)</code></remarks>
internal static class SourceFrame
{
    private const byte Version = 1;

    public static void Write(StateWriter writer, SourceDeclaration source)
    {
        writer.Put(Version);
        writer.Put((byte)source.Policy);
        writer.Put(source.IsContiguous);
        writer.Put((byte)source.UnknownInstrument);
        writer.Put(source.NotLastConditions);
        writer.Put(source.NotHighLowConditions);
        writer.Put(source.NotVolumeConditions);
        writer.Put(source.Name);
    }

    public static byte[] ToBytes(SourceDeclaration source)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(new StateWriter(buffer), source);
        return buffer.WrittenSpan.ToArray();
    }

    public static SourceDeclaration Read(ref StateReader reader)
    {
        var version = reader.Take<byte>();
        if (version != Version)
        {
            throw new FormatException($"a source declaration has version {version}; this program reads version {Version}");
        }

        return new SourceDeclaration
        {
            Policy = (DedupPolicy)TakeUpTo((byte)DedupPolicy.None, ref reader),
            IsContiguous = TakeUpTo(1, ref reader) == 1,
            UnknownInstrument = (UnknownInstrumentAction)TakeUpTo((byte)UnknownInstrumentAction.Reject, ref reader),
            NotLastConditions = reader.Take<uint>(),
            NotHighLowConditions = reader.Take<uint>(),
            NotVolumeConditions = reader.Take<uint>(),
            Name = reader.TakeText(),
        };
    }
    private static byte TakeUpTo(byte most, ref StateReader reader)
    {
        var value = reader.Take<byte>();
        return value <= most ? value : throw new FormatException($"a source declaration has {value} before byte {reader.Offset}; at most {most} is possible");
    }
}

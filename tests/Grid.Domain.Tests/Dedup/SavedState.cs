using System.Buffers;

namespace Grid.Domain.Tests.Dedup;

/// <summary>Saves state to bytes and reads it back.</summary>
internal static class SavedState
{
    public delegate T Reader<T>(ref StateReader reader);

    public static byte[] Of(Action<StateWriter> save)
    {
        var buffer = new ArrayBufferWriter<byte>();
        save(new StateWriter(buffer));
        return buffer.WrittenSpan.ToArray();
    }

    public static T Read<T>(byte[] bytes, Reader<T> read)
    {
        var reader = new StateReader(bytes);
        var state = read(ref reader);
        Assert.True(reader.IsAtEnd, $"{bytes.Length - reader.Offset} of {bytes.Length} bytes are left");
        return state;
    }

    /// <summary>Bytes that end early anywhere are refused.</summary>
    public static void AssertCutsAreRefused<T>(byte[] bytes, Reader<T> read)
    {
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Throws<FormatException>(() => Read(bytes[..length], read));
        }
    }
}

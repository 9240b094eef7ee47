using System.Buffers;
using System.Collections.Concurrent;
using Grid.Domain;

namespace Grid.Runtime.Snapshots;

/// <summary>Memory of one section of instruments, and what writes into it.</summary>
internal sealed class SectionBuffer
{
    private readonly ArrayBufferWriter<byte> _bytes;

    public SectionBuffer(int bytes)
    {
        _bytes = new ArrayBufferWriter<byte>(bytes);
        Writer = new StateWriter(_bytes);
    }

    public StateWriter Writer { get; }

    public int Count => _bytes.WrittenCount;

    /// <summary>What was written; valid until <see cref="Clear"/>.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    public void Clear() => _bytes.ResetWrittenCount();
}

/// <summary>
/// Buffers that snapshots use again and again: a shard that asked the runtime for a new megabyte for each section paid for clearing it, and for
/// the collections that such large objects bring. From any thread.
/// </summary>
internal sealed class SectionBuffers
{
    /// <summary>Bytes from which on a section is handed over.</summary>
    public const int SectionBytes = 1 << 20;

    // An instrument with many full windows makes its section longer: a buffer that had to grow beyond this is not kept.
    private const int KeptBytesMax = 2 * SectionBytes;
    private const int KeptMax = (int)(SectionQueue.BytesWanted / SectionBytes);

    private readonly ConcurrentBag<SectionBuffer> _free = [];

    /// <summary>An empty buffer, of the caller until it gives it back.</summary>
    public SectionBuffer Rent() => _free.TryTake(out var free) ? free : new SectionBuffer(SectionBytes + (64 << 10));

    /// <summary>Takes a buffer back, whose bytes nobody reads any more.</summary>
    public void Return(SectionBuffer buffer)
    {
        if (buffer.Count <= KeptBytesMax && _free.Count < KeptMax)
        {
            buffer.Clear();
            _free.Add(buffer);
        }
    }
}

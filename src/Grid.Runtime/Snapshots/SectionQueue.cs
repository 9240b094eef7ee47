using System.Threading.Channels;
using Grid.Storage;

namespace Grid.Runtime.Snapshots;

/// <summary>A section on its way to the file.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Bytes">Its payload.</param>
/// <param name="Buffer">What holds the payload and goes back to its owner once that is written; null if nobody wants it back.</param>
internal readonly record struct QueuedSection(SnapshotSection Type, ReadOnlyMemory<byte> Bytes, SectionBuffer? Buffer = null);

/// <summary>
/// Sections on their way from the shards to the file. A shard goes on by itself only while there is room; an instrument that is about
/// to change is always taken, so that no shard ever waits for the disk. If that becomes too much, the snapshot is given up.
/// </summary>
internal sealed class SectionQueue(int shards, bool runsOnTheWriter, SectionBuffers buffers, Action madeRoom)
{
    /// <summary>Bytes from which on shards add nothing of their own accord: a quarter of a second of a disk of 250 MB/s.</summary>
    public const long BytesWanted = 64L << 20;

    /// <summary>Bytes at which the snapshot is given up: 500,000 instruments that changed while the disk took none of them.</summary>
    public const long BytesMax = 1L << 30;

    private readonly Channel<QueuedSection> _sections =
        Channel.CreateUnbounded<QueuedSection>(new UnboundedChannelOptions { AllowSynchronousContinuations = runsOnTheWriter });

    private long _bytes;
    private int _left = shards;
    private volatile bool _isGivenUp;

    /// <summary>True if a shard may go on with instruments that nobody is about to change.</summary>
    public bool HasRoom => _isGivenUp || Volatile.Read(ref _bytes) < BytesWanted;

    /// <summary>True once nobody wants what comes.</summary>
    public bool IsGivenUp => _isGivenUp;

    public ChannelReader<QueuedSection> Reader => _sections.Reader;

    /// <summary>A buffer for a section of instruments, to be given to <see cref="Write"/>.</summary>
    public SectionBuffer Rent() => buffers.Rent();

    /// <summary>Takes a section. Never waits.</summary>
    public void Write(in QueuedSection section)
    {
        if (_isGivenUp)
        {
            return;
        }

        if (Interlocked.Add(ref _bytes, section.Bytes.Length) > BytesMax)
        {
            GiveUp(new GridStorageException($"more than {BytesMax} bytes of the snapshot wait for the disk"));
            return;
        }

        _sections.Writer.TryWrite(section);
    }

    /// <summary>Notes that a shard is written.</summary>
    public void Finish()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _sections.Writer.TryComplete();
        }
    }

    /// <summary>Notes that a section is in the file.</summary>
    public void Took(in QueuedSection section)
    {
        var bytes = section.Bytes.Length;
        if (section.Buffer is { } buffer)
        {
            buffers.Return(buffer);
        }

        var left = Interlocked.Add(ref _bytes, -bytes);
        if (left < BytesWanted && left + bytes >= BytesWanted)
        {
            madeRoom();
        }
    }

    /// <summary>Ends the snapshot: its writer meets the reason, its shards stop.</summary>
    public void GiveUp(Exception reason)
    {
        _isGivenUp = true;
        _sections.Writer.TryComplete(reason);
    }
}

namespace Grid.Storage.Journal;

/// <summary>
/// A file as storage sees it: bytes at offsets, which are durable only after <see cref="Flush"/>. On disk it is
/// <see cref="DiskDirectory"/>'s; in simulations one that loses, tears and refuses.
/// </summary>
/// <remarks>Every operation throws <see cref="IOException"/> when the file or the disk refuses. One thread at a time.</remarks>
public interface IJournalFile : IDisposable
{
    /// <summary>Where the file is, for messages.</summary>
    string Path { get; }

    /// <summary>Bytes from its start to its end, written or not.</summary>
    long Length { get; }

    /// <summary>Fills the buffer from the offset on; returns fewer bytes than it holds only at the end of the file.</summary>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all bytes at the offset, making the file longer if it must.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>Cuts the file to a length, or makes it longer with zeros.</summary>
    void SetLength(long length);

    /// <summary>Makes the file this long with zeros and takes the space now: later writes do not find the disk full.</summary>
    void Preallocate(long length);

    /// <summary>Returns when all that was written, and the length, are on the disk. After a failure trust nothing.</summary>
    void Flush();
}

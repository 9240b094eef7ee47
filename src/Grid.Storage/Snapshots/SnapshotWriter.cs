using System.Buffers;
using System.Buffers.Binary;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;

namespace Grid.Storage.Snapshots;

/// <summary>
/// Writes one snapshot, section by section, in memory of about one chunk whatever its size. It exists under its name only
/// after <see cref="Publish"/>, whole and durable; disposed of before, it leaves nothing behind.
/// </summary>
/// <remarks>One thread at a time. The bytes of <see cref="IBufferWriter{T}"/> go to the section begun last.</remarks>
public sealed class SnapshotWriter : IBufferWriter<byte>, IDisposable
{
    // The file is flushed as it grows, so that the journal's flushes never wait for gigabytes of snapshot.
    private const long FlushEveryBytes = 32L << 20;

    private readonly IJournalDirectory _directory;
    private readonly string _name;
    private readonly IJournalFile _file;
    private readonly int _chunkBytes;

    // _buffer[0.._buffered) is not written to the file yet: less than a chunk, but between GetSpan and Advance more.
    // Behind it there is always room for a checksum.
    private byte[] _buffer;
    private int _buffered;

    // Where the next byte goes in the file, and from where on it is not flushed.
    private long _at;
    private long _unflushedFrom;

    // Checksum of everything so far; of everything up to and with the open section's type.
    private uint _crc;
    private uint _crcOfType;

    // The open section: its type (0: none is open), where its head is, its payload so far.
    private uint _sectionType;
    private long _sectionAt;
    private ulong _sectionBytes;
    private ulong _sections;
    private ulong _payloadBytes;
    private bool _isClosed;

    internal SnapshotWriter(IJournalDirectory directory, ulong lsn, UnixNanos created, int chunkBytes = SnapshotFormat.ChunkBytes)
    {
        _directory = directory;
        _name = SnapshotFormat.NameOf(lsn);
        _chunkBytes = chunkBytes;
        _buffer = new byte[chunkBytes + SnapshotFormat.CrcBytes];
        _file = Try(() =>
        {
            // One that a crash left behind.
            directory.Delete(_name + SnapshotFormat.TemporarySuffix);
            return directory.Create(_name + SnapshotFormat.TemporarySuffix);
        });
        try
        {
            Span<byte> header = stackalloc byte[SnapshotFormat.HeaderBytes];
            SnapshotFormat.Magic.CopyTo(header);
            BinaryPrimitives.WriteUInt32LittleEndian(header[8..], SnapshotFormat.Version);
            BinaryPrimitives.WriteUInt32LittleEndian(header[12..], (uint)chunkBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], lsn);
            BinaryPrimitives.WriteInt64LittleEndian(header[24..], created.Value);
            _crc = SnapshotFormat.Seal(header, before: 0);
            Append(header);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Bytes written so far, those still in memory included.</summary>
    public long Length => _at + _buffered;

    /// <summary>Begins a section, ending the one before.</summary>
    /// <param name="type">What it is; not 0. A type may come several times.</param>
    /// <exception cref="GridStorageException">The disk refuses; the message says where and how much was written.</exception>
    public void BeginSection(uint type)
    {
        ArgumentOutOfRangeException.ThrowIfZero(type);
        EndSection();
        Span<byte> head = stackalloc byte[SnapshotFormat.SectionHeadBytes];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, type);
        _sectionAt = _at;
        _sectionType = type;
        _sectionBytes = 0;
        _crc = Crc32C.Append(_crc, head[..4]);
        _crcOfType = _crc;
        Append(head);
    }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        if ((uint)count > (uint)(_buffer.Length - SnapshotFormat.CrcBytes - _buffered))
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, "more than was asked for");
        }

        _buffered += count;
        WriteFullChunks();
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _buffer.AsMemory(_buffered, _buffer.Length - SnapshotFormat.CrcBytes - _buffered);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Adds bytes to the section, which the reader must ask for by their number.</summary>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var target = GetSpan();
            var count = Math.Min(bytes.Length, target.Length);
            bytes[..count].CopyTo(target);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>Ends the snapshot and puts it in place, durably. An older one of the same name is replaced at once.</summary>
    /// <exception cref="GridStorageException">The disk refuses; nothing has changed under the snapshot's name.</exception>
    public void Publish()
    {
        EndSection();
        Span<byte> trailer = stackalloc byte[SnapshotFormat.TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[4..], _sections);
        BinaryPrimitives.WriteUInt64LittleEndian(trailer[12..], _payloadBytes);
        SnapshotFormat.Seal(trailer, _crc);
        Append(trailer);
        Try(() =>
        {
            _file.Flush();
            _file.Dispose();
            _directory.Rename(_name + SnapshotFormat.TemporarySuffix, _name);
            _directory.Flush();
            return true;
        });
        _isClosed = true;
    }

    /// <summary>
    /// Closes the file; one that was not published is removed, if the disk allows: else <see cref="SnapshotCatalog.DeleteOlder"/>
    /// does it.
    /// </summary>
    public void Dispose()
    {
        _file.Dispose();
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        try
        {
            _directory.Delete(_name + SnapshotFormat.TemporarySuffix);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Whoever is disposing has the exception that matters.
        }
    }

    private void EndSection()
    {
        if (_sectionType == 0)
        {
            return;
        }

        if (_buffered > 0)
        {
            WriteChunk(0, _buffered);
            _buffered = 0;
        }

        Span<byte> head = stackalloc byte[SnapshotFormat.SectionHeadBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(head, _sectionType);
        BinaryPrimitives.WriteUInt64LittleEndian(head[4..], _sectionBytes);
        SnapshotFormat.Seal(head[4..], _crcOfType);
        WriteAt(_sectionAt, head);
        _sections++;
        _payloadBytes += _sectionBytes;
        _sectionType = 0;
    }

    private void MakeRoom(int sizeHint)
    {
        if (_sectionType == 0)
        {
            throw new InvalidOperationException("a snapshot's bytes belong to a section: begin one first");
        }

        var wanted = _buffered + Math.Max(sizeHint, 1) + SnapshotFormat.CrcBytes;
        if (wanted > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(wanted, _buffer.Length * 2));
        }
    }

    private void WriteFullChunks()
    {
        var from = 0;
        for (; _buffered - from >= _chunkBytes; from += _chunkBytes)
        {
            WriteChunk(from, _chunkBytes);
        }

        if (from > 0)
        {
            _buffer.AsSpan(from, _buffered - from).CopyTo(_buffer);
            _buffered -= from;
        }
    }

    // The checksum is put behind the chunk for the write; what stood there comes back.
    private void WriteChunk(int from, int bytes)
    {
        var chunk = _buffer.AsSpan(from, bytes + SnapshotFormat.CrcBytes);
        var covered = BinaryPrimitives.ReadUInt32LittleEndian(chunk[bytes..]);
        _crc = SnapshotFormat.Seal(chunk, _crc);
        Append(chunk);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk[bytes..], covered);
        _sectionBytes += (ulong)bytes;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        WriteAt(_at, bytes);
        _at += bytes.Length;
        if (_at - _unflushedFrom >= FlushEveryBytes)
        {
            Try(() =>
            {
                _file.Flush();
                return true;
            });
            _unflushedFrom = _at;
        }
    }

    private void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            _file.Write(offset, bytes);
        }
        catch (IOException failure)
        {
            throw Refused(failure);
        }
    }

    private T Try<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(failure);
        }
    }

    private GridStorageException Refused(Exception failure) => new(
        $"cannot write snapshot '{_name}' in '{_directory.Path}' after {_at} bytes: {failure.Message}", innerException: failure);
}

using System.Buffers.Binary;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Storage.Journal;

namespace Grid.Storage.Snapshots;

/// <summary>
/// Reads one snapshot, section by section, in memory of about one chunk and what is asked for at once. Every byte it gives
/// has been checked. Damage of any kind throws <see cref="GridStorageException"/>, which names file and offset.
/// </summary>
/// <remarks>One thread at a time. Spans are valid until the next call.</remarks>
public sealed class SnapshotReader : IDisposable
{
    private readonly string _place;
    private readonly IJournalFile _file;
    private readonly long _fileBytes;
    private readonly int _chunkBytes;

    // _buffer[_start.._end) is checked payload of the section that was not given out yet.
    private byte[] _buffer;
    private int _start;
    private int _end;

    // Where the next unread byte is in the file, and the checksum of everything before it.
    private long _at;
    private uint _crc;

    // The section's payload that is still in the file.
    private ulong _sectionUnread;
    private ulong _sections;
    private ulong _payloadBytes;
    private bool _isAtEnd;

    internal SnapshotReader(IJournalDirectory directory, ulong lsn)
    {
        var name = SnapshotFormat.NameOf(lsn);
        _place = $"snapshot '{name}' in '{directory.Path}'";
        try
        {
            _file = directory.OpenRead(name);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"cannot open {_place}: {failure.Message}", innerException: failure);
        }

        try
        {
            _fileBytes = _file.Length;
            _buffer = new byte[SnapshotFormat.HeaderBytes];
            _chunkBytes = ReadHeader(lsn);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The journal's position that the snapshot was taken at.</summary>
    public ulong Lsn { get; private set; }

    /// <summary>When it was taken.</summary>
    public UnixNanos Created { get; private set; }

    /// <summary>Bytes of the file.</summary>
    public long Length => _fileBytes;

    /// <summary>What the section is.</summary>
    public uint SectionType { get; private set; }

    /// <summary>Bytes of the section's payload.</summary>
    public ulong SectionLength { get; private set; }

    /// <summary>Bytes of the section's payload that were not read yet.</summary>
    public ulong SectionLeft => _sectionUnread + (ulong)(_end - _start);

    /// <summary>Goes to the next section, skipping (but checking) what is left of this one; false at the end of a whole snapshot.</summary>
    /// <exception cref="GridStorageException">The file is damaged.</exception>
    public bool NextSection()
    {
        while (_sectionUnread > 0)
        {
            _start = _end = 0;
            LoadChunk();
        }

        _start = _end = 0;
        if (_isAtEnd)
        {
            return false;
        }

        Span<byte> head = stackalloc byte[SnapshotFormat.TrailerBytes];
        ReadFile(head[..4]);
        var type = BinaryPrimitives.ReadUInt32LittleEndian(head);
        if (type == 0)
        {
            ReadFile(head[4..]);
            EndFile(head);
            return false;
        }

        ReadFile(head[4..SnapshotFormat.SectionHeadBytes]);
        _crc = Crc32C.Append(_crc, head[..4]);
        Check(SnapshotFormat.IsSealed(head[4..SnapshotFormat.SectionHeadBytes], _crc, out _), "the head of a section");
        SectionType = type;
        SectionLength = BinaryPrimitives.ReadUInt64LittleEndian(head[4..]);
        Check(SectionLength <= (ulong)(_fileBytes - _at), $"a section of {SectionLength} bytes");
        _sectionUnread = SectionLength;
        _sections++;
        _payloadBytes += SectionLength;
        return true;
    }

    /// <summary>Exactly so many of the section's next bytes.</summary>
    /// <exception cref="GridStorageException">The file is damaged, or the section has fewer.</exception>
    public ReadOnlySpan<byte> Read(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Check((ulong)count <= SectionLeft, $"{count} bytes are expected and {SectionLeft} are left in section {SectionType}");
        Load(count);
        _start += count;
        return _buffer.AsSpan(_start - count, count);
    }

    /// <summary>As many of the section's next bytes as the target takes or the section has; 0 at its end.</summary>
    /// <exception cref="GridStorageException">The file is damaged.</exception>
    public int Read(Span<byte> target)
    {
        var filled = 0;
        while (filled < target.Length && SectionLeft > 0)
        {
            Load(1);
            var count = Math.Min(target.Length - filled, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(target[filled..]);
            _start += count;
            filled += count;
        }

        return filled;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads a snapshot to its end and throws if anything in it is damaged.</summary>
    internal static void Verify(IJournalDirectory directory, ulong lsn)
    {
        using var reader = new SnapshotReader(directory, lsn);
        while (reader.NextSection())
        {
        }
    }

    private int ReadHeader(ulong lsn)
    {
        var header = _buffer.AsSpan(0, SnapshotFormat.HeaderBytes);
        ReadFile(header);
        Check(header[..8].SequenceEqual(SnapshotFormat.Magic), "it is no snapshot");
        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        Check(SnapshotFormat.IsSealed(header, before: 0, out _crc), "its header");
        Check(version == SnapshotFormat.Version, $"it has version {version} and this program knows {SnapshotFormat.Version}");
        var chunkBytes = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        Check(chunkBytes is >= SnapshotFormat.ChunkBytesLowest and <= SnapshotFormat.ChunkBytesHighest, $"chunks of {chunkBytes} bytes");
        Lsn = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
        Check(Lsn == lsn, $"it is snapshot {Lsn:x16} under another's name");
        Created = new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(header[24..]));
        return (int)chunkBytes;
    }

    private void EndFile(ReadOnlySpan<byte> trailer)
    {
        Check(SnapshotFormat.IsSealed(trailer, _crc, out _), "the trailer");
        Check(BinaryPrimitives.ReadUInt64LittleEndian(trailer[4..]) == _sections, "the number of sections");
        Check(BinaryPrimitives.ReadUInt64LittleEndian(trailer[12..]) == _payloadBytes, "the number of bytes");
        Check(_at == _fileBytes, $"{_fileBytes - _at} bytes follow the trailer");
        _isAtEnd = true;
        SectionType = 0;
        SectionLength = 0;
    }

    // Makes the section's next bytes, as many as are asked for, stand in the buffer in one piece.
    private void Load(int count)
    {
        while (_end - _start < count)
        {
            LoadChunk();
        }
    }

    private void LoadChunk()
    {
        var bytes = (int)Math.Min((ulong)_chunkBytes, _sectionUnread);
        var wanted = bytes + SnapshotFormat.CrcBytes;
        if (_buffer.Length - _end < wanted)
        {
            var kept = _end - _start;
            var target = kept + wanted <= _buffer.Length
                ? _buffer
                : new byte[Math.Max(kept + wanted, Math.Min(2L * _buffer.Length, Array.MaxLength))];
            _buffer.AsSpan(_start, kept).CopyTo(target);
            (_buffer, _start, _end) = (target, 0, kept);
        }

        var chunk = _buffer.AsSpan(_end, wanted);
        ReadFile(chunk);
        Check(SnapshotFormat.IsSealed(chunk, _crc, out _crc), $"the last {wanted} bytes before it");
        _end += bytes;
        _sectionUnread -= (ulong)bytes;
    }

    private void ReadFile(Span<byte> target)
    {
        int read;
        try
        {
            read = _file.Read(_at, target);
        }
        catch (IOException failure)
        {
            throw new GridStorageException($"cannot read {_place} at offset {_at}: {failure.Message}", innerException: failure);
        }

        Check(read == target.Length, "it ends too soon");
        _at += read;
    }

    private void Check(bool isRight, string what)
    {
        if (!isRight)
        {
            throw new GridStorageException($"{_place} is damaged at offset {_at}: {what}");
        }
    }
}

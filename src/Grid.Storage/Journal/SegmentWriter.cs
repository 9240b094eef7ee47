namespace Grid.Storage.Journal;

/// <summary>One segment being written: frames gather in a buffer that goes to the file when it is full or flushed.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly IJournalFile _file;

    // _buffer[0.._buffered) belongs into the file at _written.
    private readonly byte[] _buffer;
    private int _buffered;
    private long _written;

    private SegmentWriter(IJournalFile file, in SegmentHeader header, byte[] buffer, long written)
    {
        _file = file;
        _buffer = buffer;
        _written = written;
        Header = header;
    }

    public string Path => _file.Path;

    public SegmentHeader Header { get; }

    /// <summary>Bytes of the segment so far, with those still in the buffer.</summary>
    public long Bytes => _written + _buffered;

    /// <summary>
    /// Creates a segment that exists, durably and with its header, under its name or not at all. An empty one of this
    /// name, left by a process that never appended, is replaced.
    /// </summary>
    public static SegmentWriter Create(IJournalDirectory journal, in SegmentHeader header, long preallocatedBytes, byte[] buffer)
    {
        var name = SegmentName.Of(header.FirstLsn);
        try
        {
            using var file = journal.CreateTemporary(name);
            file.Preallocate(preallocatedBytes);
            Begin(file, header, buffer).Flush();
        }
        catch
        {
            journal.DiscardTemporary(name);
            throw;
        }

        journal.PublishTemporary(name);
        return new SegmentWriter(journal.OpenWrite(name), header, buffer, SegmentHeader.Bytes);
    }

    /// <summary>Begins a segment in an empty file, which the caller flushes and names.</summary>
    public static SegmentWriter Begin(IJournalFile file, in SegmentHeader header, byte[] buffer)
    {
        var segment = new SegmentWriter(file, header, buffer, written: 0);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        header.Write(bytes);
        segment.Put(bytes);
        return segment;
    }

    /// <summary>Appends a frame whose payload is given in two parts.</summary>
    public void Append(in FrameHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        Span<byte> bytes = stackalloc byte[FrameHeader.Bytes];
        header.Write(bytes, Header.Salt, head, body);
        Put(bytes);
        Put(head);
        Put(body);
        Put(FrameHeader.Padding((int)header.PayloadBytes));
    }

    /// <summary>Returns when everything appended is on the disk.</summary>
    public void Flush()
    {
        Drain();
        _file.Flush();
    }

    /// <summary>Flushes, gives back the space that was not used, and closes the file.</summary>
    public void Seal()
    {
        Drain();
        _file.SetLength(_written);
        _file.Flush();
        _file.Dispose();
    }

    public void Dispose() => _file.Dispose();

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _buffered)
        {
            PutPastBuffer(ref bytes);
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    // Fills the buffer and writes it out until what is left fits.
    private void PutPastBuffer(ref ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > _buffer.Length - _buffered)
        {
            var part = bytes[..(_buffer.Length - _buffered)];
            part.CopyTo(_buffer.AsSpan(_buffered));
            _buffered += part.Length;
            bytes = bytes[part.Length..];
            Drain();
        }
    }

    private void Drain()
    {
        if (_buffered > 0)
        {
            _file.Write(_written, _buffer.AsSpan(0, _buffered));
            _written += _buffered;
            _buffered = 0;
        }
    }
}

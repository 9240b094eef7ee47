using System.Runtime.ExceptionServices;

namespace Grid.Storage.Journal;

/// <summary>
/// One segment being written: frames gather in a buffer that goes to the file when it is full or flushed. While another
/// thread flushes one buffer, frames gather in the other; the file is touched by one thread at a time.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int NotFlushing = 0;
    private const int Begun = 1;
    private const int Claimed = 2;
    private const int Done = 3;

    private readonly IJournalFile _file;

    // _buffer[0.._buffered) belongs into the file at _written.
    private byte[] _buffer;
    private int _buffered;
    private long _written;

    // While flushing, _handedOver[0.._handedOverBytes) belongs into the file at _handedOverAt. Whoever makes Claimed of Begun
    // has the file until it is Done; whoever begins and ends a flush is the writer's thread.
    private byte[] _handedOver;
    private int _handedOverBytes;
    private long _handedOverAt;
    private int _flushState;
    private Exception? _flushFailure;
    private readonly object _flushGate = new();

    private SegmentWriter(IJournalFile file, in SegmentHeader header, byte[] buffer, byte[] spare, long written)
    {
        _file = file;
        _buffer = buffer;
        _handedOver = spare;
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
    public static SegmentWriter Create(IJournalDirectory journal, in SegmentHeader header, long preallocatedBytes, byte[] buffer, byte[] spare)
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
        return new SegmentWriter(journal.OpenWrite(name), header, buffer, spare, SegmentHeader.Bytes);
    }

    /// <summary>Begins a segment in an empty file, which the caller flushes and names; <see cref="BeginFlush"/> is not for it.</summary>
    public static SegmentWriter Begin(IJournalFile file, in SegmentHeader header, byte[] buffer)
    {
        var segment = new SegmentWriter(file, header, buffer, spare: [], written: 0);
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

    /// <summary>Hands everything appended to a flush that <see cref="RunFlush"/> does, on any thread; appending goes on meanwhile.</summary>
    public void BeginFlush()
    {
        (_buffer, _handedOver) = (_handedOver, _buffer);
        (_handedOverBytes, _handedOverAt) = (_buffered, _written);
        _written += _buffered;
        _buffered = 0;
        Volatile.Write(ref _flushState, Begun);
    }

    /// <summary>Does the flush that was begun, unless another thread does or did. Never throws: <see cref="EndFlush"/> does.</summary>
    public void RunFlush()
    {
        if (Interlocked.CompareExchange(ref _flushState, Claimed, Begun) != Begun)
        {
            return;
        }

        try
        {
            if (_handedOverBytes > 0)
            {
                _file.Write(_handedOverAt, _handedOver.AsSpan(0, _handedOverBytes));
            }

            _file.Flush();
        }
        catch (Exception failure)
        {
            _flushFailure = failure;
        }

        lock (_flushGate)
        {
            _flushState = Done;
            Monitor.PulseAll(_flushGate);
        }
    }

    /// <summary>Ends the flush that was begun: returns when what was handed over is on the disk.</summary>
    public void EndFlush()
    {
        Settle();
        _flushState = NotFlushing;
    }

    /// <summary>Flushes, gives back the space that was not used, and closes the file.</summary>
    public void Seal()
    {
        Drain();
        _file.SetLength(_written);
        _file.Flush();
        Dispose();
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
        Settle();
        if (_buffered > 0)
        {
            _file.Write(_written, _buffer.AsSpan(0, _buffered));
            _written += _buffered;
            _buffered = 0;
        }
    }

    // The file is this thread's afterwards. A flush that nobody has begun to do is done here.
    private void Settle()
    {
        if (_flushState == NotFlushing)
        {
            return;
        }

        RunFlush();
        lock (_flushGate)
        {
            while (_flushState != Done)
            {
                Monitor.Wait(_flushGate);
            }
        }

        if (_flushFailure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}

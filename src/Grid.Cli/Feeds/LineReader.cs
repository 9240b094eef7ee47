using System.Runtime.CompilerServices;

namespace Grid.Cli.Feeds;

/// <summary>Splits a stream into lines without copying them. A line ends with LF or CR LF; the last one may have no end.</summary>
internal sealed class LineReader(Stream stream, CancellationToken cancel = default) : IDisposable
{
    /// <summary>Longest line in bytes; of a longer one only the beginning is given, and <see cref="IsCut"/> is true.</summary>
    public const int LineBytesMax = 1 << 20;

    private const int BufferBytes = 128 << 10;

    // _buffer[_start.._end) is read from the stream and not yet given out.
    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>Number of the line given last; the first is 1.</summary>
    public long Number { get; private set; }

    /// <summary>True if the line given last is only the beginning of one that is longer than <see cref="LineBytesMax"/>.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True if a whole line is there without reading from the stream.</summary>
    public bool HasLine => _buffer.AsSpan(_start, _end - _start).Contains((byte)'\n');

    /// <summary>Gives the next line without its end, valid until the next call; false at the end of the stream.</summary>
    /// <exception cref="InvalidDataException">The stream is compressed and damaged.</exception>
    /// <exception cref="OperationCanceledException">It was to end: a stream may have no line at all and no end.</exception>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (length < 0)
        {
            return TryReadAcrossBuffers(out line);
        }

        line = Take(length, 1);
        return true;
    }

    public void Dispose() => stream.Dispose();

    private ReadOnlySpan<byte> Take(int length, int endBytes)
    {
        var line = _buffer.AsSpan(_start, length);
        _start += length + endBytes;
        Number++;
        IsCut = false;
        return length > 0 && line[^1] == '\r' ? line[..^1] : line;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryReadAcrossBuffers(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            var searched = _end - _start;
            if (_isAtEnd || !Fill())
            {
                line = searched > 0 ? Take(searched, 0) : default;
                return searched > 0;
            }

            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                line = Take(searched + length, 1);
                return true;
            }

            if (_end - _start > LineBytesMax)
            {
                line = CutLongLine();
                return true;
            }
        }
    }

    // Moves what is left to the front, makes room for more and reads once.
    private bool Fill()
    {
        cancel.ThrowIfCancellationRequested();
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        _isAtEnd = read == 0;
        return read > 0;
    }

    private ReadOnlySpan<byte> CutLongLine()
    {
        // The beginning is kept aside: the buffer is used to read over the rest.
        var beginning = _buffer.AsSpan(_start, 64).ToArray();
        Number++;
        IsCut = true;
        int at;
        do
        {
            _start = _end;
            if (!Fill())
            {
                return beginning;
            }

            at = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        }
        while (at < 0);

        _start += at + 1;
        return beginning;
    }
}

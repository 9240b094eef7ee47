using System.Security.Cryptography;
using Grid.Storage.Journal;

namespace Grid.Storage.Archive;

/// <summary>A file that is written from its beginning to its end, hashed meanwhile.</summary>
internal sealed class ArchiveFileStream(IJournalFile file) : Stream
{
    // Bytes gathered before they are written, and bytes written before they are flushed: the journal's flushes wait for no more than that.
    private const int BufferBytes = 1 << 20;
    private const long FlushEveryBytes = 16L << 20;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private int _buffered;
    private long _written;
    private long _unflushed;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => _written + _buffered;

    /// <inheritdoc/>
    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    /// <summary>Writes and flushes what is left; gives the SHA-256 of all of it.</summary>
    public string Complete()
    {
        WriteBuffer();
        file.Flush();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var taken = Math.Min(buffer.Length, BufferBytes - _buffered);
            buffer[..taken].CopyTo(_buffer.AsSpan(_buffered));
            _buffered += taken;
            buffer = buffer[taken..];
            if (_buffered == BufferBytes)
            {
                WriteBuffer();
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
        // What is written is flushed when it is complete.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }

    private void WriteBuffer()
    {
        var bytes = _buffer.AsSpan(0, _buffered);
        file.Write(_written, bytes);
        _hash.AppendData(bytes);
        _written += _buffered;
        _unflushed += _buffered;
        _buffered = 0;
        if (_unflushed >= FlushEveryBytes)
        {
            file.Flush();
            _unflushed = 0;
        }
    }
}

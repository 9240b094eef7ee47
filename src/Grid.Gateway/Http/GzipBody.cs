using System.Buffers.Binary;
using System.IO.Compression;

namespace Grid.Gateway.Http;

/// <summary>
/// A gzip body, decompressed and whole: the framework takes one that is cut for one that ends, so the length that stands at
/// its end is compared with what came out. One body is one gzip member.
/// </summary>
internal sealed class GzipBody(Stream compressed) : Stream
{
    private readonly GZipStream _content = new(new TailStream(compressed), CompressionMode.Decompress);
    private uint _length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a body is read without blocking");

    /// <exception cref="InvalidDataException">It is no gzip, damaged or cut.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _length += (uint)read;
        if (read == 0 && buffer.Length > 0)
        {
            var tail = (TailStream)_content.BaseStream;
            await tail.DrainAsync(cancellationToken).ConfigureAwait(false);
            if (tail.Last != _length)
            {
                throw new InvalidDataException($"{_length} bytes came out, not {tail.Last} as its end says");
            }
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _content.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Remembers the last four bytes that were read.</summary>
    private sealed class TailStream(Stream inner) : Stream
    {
        private readonly byte[] _unused = new byte[256];
        private uint _last;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        /// <summary>The last four bytes as a number.</summary>
        public uint Last => BinaryPrimitives.ReverseEndianness(_last);

        public async ValueTask DrainAsync(CancellationToken cancel)
        {
            while (await ReadAsync(_unused, cancel).ConfigureAwait(false) > 0)
            {
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a body is read without blocking");

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // What follows is the inflating.
            var read = await OffSocketThread.ThenAsync(inner.ReadAsync(buffer, cancellationToken)).ConfigureAwait(false);
            foreach (var b in buffer.Span[Math.Max(0, read - sizeof(uint))..read])
            {
                _last = (_last << 8) | b;
            }

            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Grid.Cli.Bench;

/// <summary>
/// The least that a durable server can do: takes events of a fixed size from a loopback socket, copies each into its
/// instrument's place and writes them to a preallocated file, each block flushed. One thread receives while another
/// writes and flushes the blocks before.
/// </summary>
internal static class BareLoopSink
{
    private const int BlocksMax = 4;

    /// <summary>Serves one source.</summary>
    /// <param name="options">Sizes; its sink's address is where to listen.</param>
    /// <param name="listening">Is told where it listens.</param>
    public static void Run(BareLoopOptions options, Action<IPEndPoint> listening)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(IPEndPoint.Parse(options.Sink));
        listener.Listen();
        listening((IPEndPoint)listener.LocalEndPoint!);
        using var socket = listener.Accept();
        using var free = new BlockingCollection<Block>();
        using var full = new BlockingCollection<Block>();
        for (var i = 0; i < BlocksMax; i++)
        {
            free.Add(new Block(new byte[options.BlockBytes / options.EventBytes * options.EventBytes]));
        }

        using var file = new BareLoopFile(options);
        var writing = Task.Factory.StartNew(() => Write(file, free, full), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Receive(socket, free, full, writing);
        full.CompleteAdding();
        writing.Wait();
        var answer = new byte[2 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(answer, file.Events);
        BinaryPrimitives.WriteInt64LittleEndian(answer.AsSpan(sizeof(long)), file.Flushes);
        socket.Send(answer);
    }

    private static void Receive(Socket socket, BlockingCollection<Block> free, BlockingCollection<Block> full, Task writing)
    {
        while (!writing.IsFaulted)
        {
            var block = free.Take();
            block.Length = 0;
            while (block.Length < block.Bytes.Length)
            {
                var received = socket.Receive(block.Bytes.AsSpan(block.Length));
                block.Length += received;
                if (received == 0)
                {
                    full.Add(block);
                    return;
                }
            }

            full.Add(block);
        }
    }

    private static void Write(BareLoopFile file, BlockingCollection<Block> free, BlockingCollection<Block> full)
    {
        foreach (var block in full.GetConsumingEnumerable())
        {
            file.Write(block.Bytes.AsSpan(0, block.Length));
            free.Add(block);
        }
    }

    private sealed class Block(byte[] bytes)
    {
        public byte[] Bytes => bytes;

        public int Length { get; set; }
    }

    // Segments of a preallocated size, as a journal has them; the oldest is overwritten when there are enough.
    private sealed class BareLoopFile : IDisposable
    {
        private readonly BareLoopOptions _options;
        private readonly byte[] _states;
        private SafeFileHandle _file;
        private long _written;
        private int _segment;

        public BareLoopFile(BareLoopOptions options)
        {
            _options = options;
            _states = new byte[BareLoopOptions.Instruments * options.EventBytes];
            _file = Open();
        }

        public long Events { get; private set; }

        public long Flushes { get; private set; }

        public void Write(ReadOnlySpan<byte> events)
        {
            if (events.IsEmpty)
            {
                return;
            }

            var size = _options.EventBytes;
            for (var at = 0; at < events.Length; at += size)
            {
                var one = events.Slice(at, size);
                var instrument = (int)BinaryPrimitives.ReadUInt32LittleEndian(one[BareLoopOptions.InstrumentAt..]);
                one.CopyTo(_states.AsSpan(instrument * size));
            }

            if (_written + events.Length > _options.SegmentBytes)
            {
                _file.Dispose();
                File.Delete(Name(_segment - BareLoopOptions.SegmentsKept));
                _segment++;
                _file = Open();
            }

            RandomAccess.Write(_file, events, _written);
            RandomAccess.FlushToDisk(_file);
            _written += events.Length;
            Events += events.Length / size;
            Flushes++;
        }

        public void Dispose()
        {
            _file.Dispose();
            for (var segment = Math.Max(0, _segment - BareLoopOptions.SegmentsKept - 1); segment <= _segment; segment++)
            {
                File.Delete(Name(segment));
            }
        }

        private SafeFileHandle Open()
        {
            _written = 0;
            return File.OpenHandle(Name(_segment), FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, _options.SegmentBytes);
        }

        private string Name(int segment) => Path.Combine(_options.Folder, $"bare-{segment}.tmp");
    }
}

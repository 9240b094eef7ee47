using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Grid.Cli.Bench;

/// <summary>Sends events of a fixed size to a <see cref="BareLoopSink"/> as fast as it takes them, and nothing else.</summary>
internal static class BareLoopSource
{
    private const int SendBytes = 1 << 20;

    /// <summary>Sends for the time asked; gives what the sink has on its disk and how long that took.</summary>
    public static BareLoopResult Run(BareLoopOptions options)
    {
        var count = SendBytes / options.EventBytes;
        var events = new byte[count * options.EventBytes];
        var random = new RandomStream(1);
        for (var i = 0; i < count; i++)
        {
            var one = events.AsSpan(i * options.EventBytes, options.EventBytes);
            one.Fill((byte)i);
            BinaryPrimitives.WriteUInt32LittleEndian(one[BareLoopOptions.InstrumentAt..], random.Below(BareLoopOptions.Instruments));
        }

        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPEndPoint.Parse(options.Sink));
        var startedAt = Stopwatch.GetTimestamp();
        long sent = 0;
        while (Stopwatch.GetElapsedTime(startedAt).TotalSeconds < options.Seconds)
        {
            Send(socket, events);
            sent += count;
        }

        socket.Shutdown(SocketShutdown.Send);
        var answer = new byte[2 * sizeof(long)];
        for (var filled = 0; filled < answer.Length;)
        {
            var received = socket.Receive(answer.AsSpan(filled));
            filled += received > 0 ? received : throw new IOException("the sink of the bare loop closed the connection");
        }

        var elapsed = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        var flushed = BinaryPrimitives.ReadInt64LittleEndian(answer);
        return flushed == sent
            ? new BareLoopResult(options.EventBytes, sent, Math.Round(elapsed, 3), BinaryPrimitives.ReadInt64LittleEndian(answer.AsSpan(sizeof(long))), 0, 0)
            : throw new IOException($"the sink of the bare loop has {flushed} events; {sent} were sent");
    }

    private static void Send(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }
}

using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grid.Cli.Bench;

/// <summary>One keep-alive HTTP/1.1 connection with one request at a time. One thread sends, then one receives.</summary>
internal sealed class QueryConnection : IDisposable
{
    private const int BufferBytes = 64 << 10;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private volatile bool _isEnding;

    public QueryConnection(IPEndPoint server)
    {
        _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect(server);
    }

    /// <summary>The time from which the latency of the request in progress counts.</summary>
    public long Since { get; private set; }

    /// <summary>The body of the last answer, if its headers gave its length.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Answers received.</summary>
    public long Answers { get; private set; }

    /// <summary>Their bytes.</summary>
    public long BytesReceived { get; private set; }

    private static ReadOnlySpan<byte> Ok => "HTTP/1.1 200 "u8;

    private static ReadOnlySpan<byte> EndOfHeaders => "\r\n\r\n"u8;

    private static ReadOnlySpan<byte> EndOfChunks => "\r\n0\r\n\r\n"u8;

    private static ReadOnlySpan<byte> Length => "\r\nContent-Length: "u8;

    public void Send(byte[] request, long since)
    {
        Since = since;
        for (var sent = 0; sent < request.Length;)
        {
            sent += _socket.Send(request.AsSpan(sent));
        }
    }

    /// <summary>Waits for the whole answer; false after <see cref="End"/>.</summary>
    /// <exception cref="CommandFailure">It is not 200, or not an answer.</exception>
    public bool Receive()
    {
        var filled = 0;
        while (!IsWhole(_buffer.AsSpan(0, filled)))
        {
            var received = filled < BufferBytes ? _socket.Receive(_buffer.AsSpan(filled)) : 0;
            filled += received;
            if (received == 0)
            {
                return _isEnding ? false : throw new CommandFailure("the server closed a connection, or sent an answer of more than 64 KB");
            }
        }

        var body = _buffer.AsSpan(0, filled).IndexOf(EndOfHeaders) + EndOfHeaders.Length;
        Body = _buffer.AsMemory(body, filled - body);
        Answers++;
        BytesReceived += filled;
        return true;
    }

    /// <summary>Ends a <see cref="Receive"/> that another thread waits in.</summary>
    public void End()
    {
        _isEnding = true;
        _socket.Shutdown(SocketShutdown.Both);
    }

    public void Dispose() => _socket.Dispose();

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf(EndOfHeaders);
        if (end < 0)
        {
            return false;
        }

        if (!answer.StartsWith(Ok))
        {
            throw new CommandFailure($"the server answers '{Encoding.ASCII.GetString(answer[..answer.IndexOf((byte)'\r')])}'");
        }

        var headers = answer[..end];
        var at = headers.IndexOf(Length);
        return at < 0
            ? answer.EndsWith(EndOfChunks)
            : Utf8Parser.TryParse(headers[(at + Length.Length)..], out int body, out _) && answer.Length >= end + EndOfHeaders.Length + body;
    }
}

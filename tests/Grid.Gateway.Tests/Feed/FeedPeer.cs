using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Gateway.Tests.Feed;

/// <summary>A client that says exactly what a test tells it to, right or wrong.</summary>
internal sealed class FeedPeer : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly List<byte> _received = [];

    public Socket Socket => _socket;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<FeedPeer> ConnectAsync(IPEndPoint server)
    {
        var peer = new FeedPeer();
        await peer._socket.ConnectAsync(server, Cancel);
        return peer;
    }

    /// <summary>Connects and says a good Hello; gives the last durable batch of Welcome.</summary>
    public static async Task<(FeedPeer Peer, ulong LastDurableBatch)> OpenAsync(IPEndPoint server, string producer = "peer", ulong epoch = 1, FeedAck ack = FeedAck.Journaled)
    {
        var peer = await ConnectAsync(server);
        await peer.SendAsync(new HelloFrame(producer, epoch, ack).ToFrame());
        var welcome = await peer.ReadAsync(FeedFrameType.Welcome);
        return (peer, welcome.Header.Number);
    }

    /// <summary>A frame of any type around any payload, with a right checksum.</summary>
    public static byte[] Frame(byte type, ulong number, ReadOnlySpan<byte> payload, byte flags = 0)
    {
        var frame = new byte[FeedHeader.Bytes + payload.Length];
        payload.CopyTo(frame.AsSpan(FeedHeader.Bytes));
        FeedHeader.Seal(frame, (FeedFrameType)type, number, flags);
        return frame;
    }

    public static byte[] Names(NameKind kind, ulong first, params string[] names)
    {
        var payload = new List<byte> { (byte)kind, 0, (byte)names.Length, (byte)(names.Length >> 8) };
        foreach (var name in names)
        {
            var bytes = Encoding.Latin1.GetBytes(name);
            payload.Add((byte)bytes.Length);
            payload.AddRange(bytes);
        }

        return Frame((byte)FeedFrameType.Names, first, payload.ToArray());
    }

    /// <summary>Trades of source 1 in the given instruments (numbers), one each, at price 100 + index.</summary>
    public static byte[] Batch(ulong number, params uint[] instruments) => Frame((byte)FeedFrameType.Batch, number, Payload(instruments));

    public static byte[] Payload(params uint[] instruments)
    {
        var encoder = new EventBatchEncoder();
        for (var i = 0; i < instruments.Length; i++)
        {
            encoder.Add(new MarketEvent
            {
                Kind = EventKind.Trade,
                Source = new SourceId(1),
                Instrument = new InstrumentId(instruments[i]),
                Sequence = (ulong)i + 1,
                EventTime = new UnixNanos(1_700_000_000_000_000_000 + i),
                F0 = Price.Of(100 + i).Raw,
                F1 = Quantity.Of(10).Raw,
            });
        }

        return encoder.Finish().ToArray();
    }

    /// <summary>Announces source <c>S</c> (number 1) and instruments <c>I1</c> to <c>In</c>.</summary>
    public async Task AnnounceAsync(int instruments = 3)
    {
        await SendAsync(Names(NameKind.Source, 1, "S"));
        await SendAsync(Names(NameKind.Instrument, 1, Enumerable.Range(1, instruments).Select(i => $"I{i}").ToArray()));
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, Cancel)..];
        }
    }

    /// <summary>Reads the next frame.</summary>
    public async Task<(FeedHeader Header, byte[] Payload)> ReadAsync(FeedFrameType expected)
    {
        var frame = await TryReadAsync() ?? throw new InvalidOperationException($"the server closed; {expected} was expected");
        Assert.True(frame.Header.Type == expected, $"{expected} was expected, {frame.Header.Type} came: {Encoding.UTF8.GetString(frame.Payload)}");
        return frame;
    }

    /// <summary>Reads acknowledgements until one covers a batch, passing over signs of life; gives the last.</summary>
    public async Task<(ulong Batch, long Events, OutcomeCounts Counts)> ReadAckAsync(ulong upTo)
    {
        while (true)
        {
            var frame = await TryReadAsync() ?? throw new InvalidOperationException("the server closed; Ack was expected");
            if (frame.Header.Type == FeedFrameType.Pong)
            {
                continue;
            }

            var (header, payload) = frame;
            Assert.True(header.Type == FeedFrameType.Ack, $"Ack was expected, {header.Type} came: {Encoding.UTF8.GetString(payload)}");
            var counts = new OutcomeCounts();
            Assert.True(AckFrame.TryRead(payload, counts, out var events, out var refusal), refusal.Message);
            if (header.Number >= upTo)
            {
                return (header.Number, events, counts);
            }
        }
    }

    /// <summary>Reads an error, and the end of the connection if it is fatal.</summary>
    public async Task<(GridErrorCode Code, string Message, ulong Batch, bool IsFatal)> ReadErrorAsync()
    {
        var (header, payload) = await ReadAsync(FeedFrameType.Error);
        Assert.True(ErrorFrame.TryRead(payload, out var error, out var refusal), refusal.Message);
        var isFatal = (header.Flags & ErrorFrame.Fatal) != 0;
        if (isFatal)
        {
            Assert.Null(await TryReadAsync());
        }

        return (error.Code, error.Message, header.Number, isFatal);
    }

    /// <summary>Reads a frame; null at the end of the connection.</summary>
    public async Task<(FeedHeader Header, byte[] Payload)?> TryReadAsync()
    {
        var buffer = new byte[4096];
        while (true)
        {
            var bytes = _received.ToArray();
            var fault = FeedHeader.TryRead(bytes, FeedProtocol.ReplyPayloadBytesMax, out var header);
            if (fault == FeedFault.None)
            {
                _received.RemoveRange(0, header.FrameBytes);
                return (header, bytes[FeedHeader.Bytes..header.FrameBytes]);
            }

            Assert.Equal(FeedFault.Incomplete, fault);
            int read;
            try
            {
                read = await _socket.ReceiveAsync(buffer, SocketFlags.None, Cancel);
            }
            catch (SocketException)
            {
                return null;
            }

            if (read == 0)
            {
                Assert.Empty(_received);
                return null;
            }

            _received.AddRange(buffer.AsSpan(0, read));
        }
    }

    public void Dispose() => _socket.Dispose();
}

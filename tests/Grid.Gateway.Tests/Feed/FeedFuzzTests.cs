using System.Net.Sockets;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Gateway.Tests.Feed;

/// <summary>Whatever bytes come, the parsers answer with a frame or a refusal, and the server goes on serving others.</summary>
public sealed class FeedFuzzTests
{
    private const int Cases = 50_000;
    private const int Connections = 300;

    [Theory]
    [InlineData(1)]
    [InlineData(20240301)]
    public void Mutated_frames_are_read_or_refused(int seed)
    {
        var random = new Random(seed);
        var frames = GoodFrames();
        var counts = new OutcomeCounts();
        for (var i = 0; i < Cases; i++)
        {
            var bytes = Mutated(frames[random.Next(frames.Count)], random, reseal: random.Next(2) == 0);
            try
            {
                Read(bytes, counts);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, case {i}: {Convert.ToHexString(bytes)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData(7)]
    public async Task A_server_survives_connections_that_send_rubbish(int seed)
    {
        var random = new Random(seed);
        var frames = GoodFrames();
        await using var fixture = new FeedServerFixture(o => o.LingerTimeout = TimeSpan.FromMilliseconds(10));
        for (var i = 0; i < Connections; i++)
        {
            using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);
            try
            {
                if (random.Next(4) != 0)
                {
                    await peer.SendAsync(new HelloFrame($"fuzz{i}", 1, FeedAck.Journaled).ToFrame());
                }

                for (var n = random.Next(5); n >= 0; n--)
                {
                    await peer.SendAsync(Mutated(frames[random.Next(frames.Count)], random, reseal: random.Next(3) != 0));
                }

                if (random.Next(2) == 0)
                {
                    peer.Socket.Shutdown(SocketShutdown.Send);
                    while (await peer.TryReadAsync() is not null)
                    {
                    }
                }
            }
            catch (SocketException)
            {
                // The server closed it, as it should.
            }
        }

        await fixture.AssertServesAsync();
    }

    private static void Read(byte[] bytes, OutcomeCounts counts)
    {
        var fault = FeedHeader.TryRead(bytes, FeedProtocol.PayloadBytesMax, out var header);
        if (fault != FeedFault.None)
        {
            Assert.NotEqual(GridErrorCode.None, FeedHeader.Explain(fault, header, bytes, FeedProtocol.PayloadBytesMax, "here").Code);
            return;
        }

        var payload = bytes.AsSpan(FeedHeader.Bytes, (int)header.PayloadLength);
        AssertEither(HelloFrame.TryRead(payload, out _, out var refusal), refusal);
        var readsNames = NamesFrame.TryRead(payload, out var names, out refusal);
        AssertEither(readsNames, refusal);
        var seen = 0;
        foreach (var name in names)
        {
            seen += name.Length >= 0 ? 1 : 0;
        }

        Assert.Equal(names.Count, seen);
        AssertEither(SourceFrame.TryRead(payload, out _, out refusal), refusal);
        AssertEither(WelcomeFrame.TryRead(payload, out _, out refusal), refusal);
        AssertEither(AckFrame.TryRead(payload, counts, out _, out refusal), refusal);
        AssertEither(ErrorFrame.TryRead(payload, out _, out refusal), refusal);
    }

    private static void AssertEither(bool isRead, FeedRefusal refusal) => Assert.Equal(isRead, refusal.Code == GridErrorCode.None);

    private static List<byte[]> GoodFrames()
    {
        var counts = new OutcomeCounts();
        counts.Add(Outcome.Accepted, 5);
        counts.Add(Outcome.Duplicate, 6);
        var ack = new byte[FeedHeader.Bytes + AckFrame.PayloadBytesMax];
        return
        [
            new HelloFrame("peer", 3, FeedAck.Journaled).ToFrame(),
            FeedPeer.Names(NameKind.Instrument, 1, "A", "BB", "CCC"),
            FeedPeer.Names(NameKind.Source, 1, "S"),
            SourceFrame.ToFrame(new SourceDeclaration { Name = "S", Policy = DedupPolicy.None }),
            FeedPeer.Batch(1, 1, 2, 3),
            FeedHeader.Empty(FeedFrameType.Ping, 9),
            FeedHeader.Empty(FeedFrameType.Bye, 0),
            new WelcomeFrame(1, 2, 3).ToFrame(4),
            ack[..AckFrame.Write(ack, 4, 11, counts)],
            new ErrorFrame(GridErrorCode.BadName, "no").ToFrame(2, isFatal: true),
        ];
    }

    private static byte[] Mutated(byte[] good, Random random, bool reseal)
    {
        var bytes = (byte[])good.Clone();
        for (var n = random.Next(4); n > 0; n--)
        {
            bytes[random.Next(bytes.Length)] = random.Next(3) switch { 0 => 0, 1 => 255, _ => (byte)random.Next(256) };
        }

        if (random.Next(4) == 0)
        {
            bytes = bytes[..random.Next(bytes.Length + 1)];
        }
        else if (random.Next(4) == 0)
        {
            bytes = [.. bytes, .. bytes.AsSpan(0, random.Next(bytes.Length))];
        }

        if (reseal && bytes.Length >= FeedHeader.Bytes)
        {
            FeedHeader.Seal(bytes, (FeedFrameType)bytes[8], bytes[12], flags: 0);
        }

        return bytes;
    }
}

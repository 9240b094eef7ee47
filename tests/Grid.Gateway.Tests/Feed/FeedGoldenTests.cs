using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Gateway.Tests.Feed;

/// <summary>The bytes of version 1. They are only ever added to: a change here breaks every client in use.</summary>
public sealed class FeedGoldenTests
{
    [Fact]
    public void Hello_has_these_bytes() => AssertBytes(
        "18000000 B680AED3 01 00 0000 0000000000000000 4752494446454544 01 01 04 00 0500000000000000 70656572",
        new HelloFrame("peer", 5, FeedAck.Journaled).ToFrame());

    [Fact]
    public void Authenticate_has_these_bytes() => AssertBytes(
        "07000000 D3546E0E 07 00 0000 0000000000000000 677269645F6B65",
        AuthenticateFrame.ToFrame("grid_ke"));

    [Fact]
    public void Names_has_these_bytes()
    {
        var table = new NameTable(100);
        table.GetOrAdd("AAPL");
        table.GetOrAdd("MSFT");
        table.GetOrAdd("IBM");
        var frame = new byte[200];

        var length = NamesFrame.Write(frame, NameKind.Instrument, table, first: 2, last: 3, out var count);

        Assert.Equal(2, count);
        AssertBytes("0D000000 4A4BE2E1 02 00 0000 0200000000000000 00 00 0200 04 4D534654 03 49424D", frame.AsSpan(0, length));
    }

    [Fact]
    public void Names_that_do_not_fit_one_frame_go_into_the_next()
    {
        var table = new NameTable(100);
        for (var i = 0; i < 9; i++)
        {
            table.GetOrAdd($"NAME{i}");
        }

        var frame = new byte[FeedHeader.Bytes + 4 + (3 * 6) + 5];
        NamesFrame.Write(frame, NameKind.Instrument, table, first: 1, last: 9, out var count);

        Assert.Equal(3, count);
    }

    [Fact]
    public void Source_has_these_bytes() => AssertBytes(
        "11000000 9E2D5D1B 03 00 0000 0000000000000000 03 02 01 01 01000000 02000000 04000000 53",
        SourceFrame.ToFrame(new SourceDeclaration
        {
            Name = "S",
            Policy = DedupPolicy.None,
            UnknownInstrument = UnknownInstrumentAction.Reject,
            IsContiguous = true,
            NotLastConditions = 1,
            NotHighLowConditions = 2,
            NotVolumeConditions = 4,
        }));

    [Fact]
    public void Welcome_has_these_bytes() => AssertBytes(
        "10000000 109868D9 40 00 0000 0700000000000000 01 000000 00004000 00400000 00010000",
        new WelcomeFrame(4 << 20, 1 << 14, 256).ToFrame(7));

    [Fact]
    public void Ack_has_these_bytes()
    {
        var counts = new OutcomeCounts();
        counts.Add(Outcome.Accepted, 9);
        counts.Add(Outcome.Reject(RejectReason.PriceNotPositive), 1);
        var frame = new byte[FeedHeader.Bytes + AckFrame.PayloadBytesMax];

        var length = AckFrame.Write(frame, 3, 10, counts);

        AssertBytes(
            "1C000000 F0790B63 41 00 0000 0300000000000000 0A00000000000000 0200 00 0900000000000000 D1 0100000000000000",
            frame.AsSpan(0, length));
    }

    [Fact]
    public void Error_has_these_bytes() => AssertBytes(
        "04000000 C20AA671 42 01 0000 0200000000000000 0600 6E6F",
        new ErrorFrame(GridErrorCode.UnknownName, "no").ToFrame(2, isFatal: true));

    [Fact]
    public void A_long_message_is_cut()
    {
        var frame = new ErrorFrame(GridErrorCode.Malformed, new string('é', 2000)).ToFrame(0, isFatal: false);

        Assert.True(ErrorFrame.TryRead(frame.AsSpan(FeedHeader.Bytes), out var error, out _));
        Assert.Equal(new string('é', 512), error.Message);
    }

    [Fact]
    public void Frame_types_keep_their_numbers() => Assert.Equal(
        "None 0, Hello 1, Names 2, Source 3, Batch 4, Ping 5, Bye 6, Authenticate 7, Welcome 64, Ack 65, Error 66, Pong 67",
        string.Join(", ", Enum.GetValues<FeedFrameType>().Select(t => $"{t} {(byte)t}")));

    private static void AssertBytes(string expected, ReadOnlySpan<byte> frame) =>
        Assert.Equal(expected.Replace(" ", string.Empty, StringComparison.Ordinal), Convert.ToHexString(frame));
}

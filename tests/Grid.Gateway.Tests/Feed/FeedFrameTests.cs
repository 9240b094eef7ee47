using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;

namespace Grid.Gateway.Tests.Feed;

public sealed class FeedFrameTests
{
    // A Hello of the producer "peer" takes 44 bytes, so that what follows is frame 2 at byte 44.
    private const string Second = "frame 2 at byte 44";

    [Fact]
    public async Task A_wrong_checksum_ends_the_connection_and_nothing_else()
    {
        var frame = FeedPeer.Names(NameKind.Source, 1, "S");
        frame[^1] ^= 0x20;

        var (code, message) = await RefusedAsync(frame);

        Assert.Equal(GridErrorCode.BadChecksum, code);
        Assert.StartsWith($"{Second} (Names, 6 bytes of payload) has the checksum 0x", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_over_the_limit_is_refused_before_it_comes()
    {
        var frame = FeedHeader.Empty(FeedFrameType.Batch, 1);
        BitConverter.TryWriteBytes(frame, GridLimits.BatchBytesMax + 1);

        Assert.Equal(
            (GridErrorCode.TooLarge, $"{Second} claims a payload of 4194305 bytes; at most 4194304 are allowed there"),
            await RefusedAsync(frame));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(255)]
    public async Task An_unknown_frame_type_is_refused(byte type)
    {
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: the type {type} is not one that a client sends: Hello 1, Names 2, Source 3, Batch 4, Ping 5, Bye 6, Authenticate 7"),
            await RefusedAsync(FeedPeer.Frame(type, 0, [])));
    }

    [Fact]
    public async Task Flags_and_reserved_bytes_must_be_zero()
    {
        var reserved = FeedHeader.Empty(FeedFrameType.Ping, 0);
        reserved[10] = 1;
        BitConverter.TryWriteBytes(reserved.AsSpan(4), Crc32C.Compute(reserved.AsSpan(8)));

        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: Batch has the flags 0x80; version 1 defines none for it"),
            await RefusedAsync(FeedPeer.Frame((byte)FeedFrameType.Batch, 1, FeedPeer.Payload(1), flags: 0x80)));
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second} (Ping) has 0x0001 in bytes 10 and 11; version 1 keeps them zero"),
            await RefusedAsync(reserved));
    }

    [Fact]
    public async Task Hello_again_is_refused()
    {
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: Hello came again; it is the first frame and no other"),
            await RefusedAsync(new HelloFrame("peer", 1, FeedAck.Journaled).ToFrame()));
    }

    [Theory]
    [InlineData("A\u0001", "Instrument number 2: name 'A\u0001' has byte 0x01 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    [InlineData("\u00E9", "Instrument number 2: name '\uFFFD' has byte 0xE9 at position 0; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    [InlineData("", "Instrument number 2: a name is empty; it must have 1 to 64 printable ASCII bytes")]
    public async Task A_bad_name_is_refused_with_its_number_and_place(string name, string message)
    {
        Assert.Equal((GridErrorCode.BadName, $"{Second}: {message}"), await RefusedAsync(FeedPeer.Names(NameKind.Instrument, 1, "GOOD", name)));
    }

    [Fact]
    public async Task A_name_of_65_bytes_is_refused()
    {
        var (code, message) = await RefusedAsync(FeedPeer.Names(NameKind.Venue, 1, new string('V', 65)));

        Assert.Equal(GridErrorCode.BadName, code);
        Assert.Contains("has 65 bytes; at most 64 are allowed", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_that_leave_out_or_repeat_a_number_are_refused()
    {
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: Names of kind Channel begins with number 2; the next number is 1"),
            await RefusedAsync(FeedPeer.Names(NameKind.Channel, 2, "C")));
        Assert.Equal(
            (GridErrorCode.Malformed, "frame 3 at byte 70: Names of kind Channel begins with number 1; the next number is 2"),
            await RefusedAsync(FeedPeer.Names(NameKind.Channel, 1, "C"), FeedPeer.Names(NameKind.Channel, 1, "C")));
    }

    [Theory]
    [InlineData("", "Names has 0 bytes of payload; it has at least 4")]
    [InlineData("04000000", "Names has the kind 4; 0 (instrument), 1 (source), 2 (venue) and 3 (channel) are known")]
    [InlineData("000002000141", "Names says that it has 2 names, but name 2 ends beyond the payload")]
    [InlineData("00000100054142", "Names says that it has 1 names, but name 1 ends beyond the payload")]
    [InlineData("000001000141FFFF", "Names has 2 bytes after its 1 names; none are allowed")]
    public async Task Names_whose_lengths_do_not_add_up_are_refused(string payload, string message)
    {
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: {message}"),
            await RefusedAsync(FeedPeer.Frame((byte)FeedFrameType.Names, 1, Convert.FromHexString(payload))));
    }

    [Theory]
    [InlineData("00", GridErrorCode.Malformed, "Source has 1 bytes of payload; it has at least 16")]
    [InlineData("0400000100000000000000000000000053", GridErrorCode.Malformed, "Source has the policy 4; 0 (sequence), 1 (batch), 2 (content) and 3 (none) are known")]
    [InlineData("0003000100000000000000000000000053", GridErrorCode.Malformed, "Source has the action 3 for unknown instruments; 0 (accept), 1 (flag) and 2 (reject) are known")]
    [InlineData("0000020100000000000000000000000053", GridErrorCode.Malformed, "Source has the flags 0x02; only bit 0 (contiguous) is known")]
    [InlineData("0000000200000000000000000000000053", GridErrorCode.Malformed, "Source says that its name has 2 bytes, but 1 follow")]
    [InlineData("0000000100000000000000000000000020", GridErrorCode.BadName, "Source: name ' ' has byte 0x20 at position 0; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    public async Task A_malformed_source_is_refused(string payload, GridErrorCode code, string message)
    {
        Assert.Equal((code, $"{Second}: {message}"), await RefusedAsync(FeedPeer.Frame((byte)FeedFrameType.Source, 0, Convert.FromHexString(payload))));
    }

    [Fact]
    public async Task A_source_that_is_declared_otherwise_is_refused()
    {
        var (code, message) = await RefusedAsync(
            SourceFrame.ToFrame(new SourceDeclaration { Name = "S" }),
            SourceFrame.ToFrame(new SourceDeclaration { Name = "S", Policy = DedupPolicy.None }));

        Assert.Equal(GridErrorCode.SourceDiffers, code);
        Assert.Equal("frame 3 at byte 81: source 'S': it was declared with policy Sequence and cannot change to None", message);
    }

    [Fact]
    public async Task A_source_arrives_as_it_was_declared()
    {
        var source = new SourceDeclaration
        {
            Name = "S",
            Policy = DedupPolicy.Content,
            IsContiguous = true,
            UnknownInstrument = UnknownInstrumentAction.Flag,
            NotLastConditions = 1,
            NotHighLowConditions = 2,
            NotVolumeConditions = 0x80000000,
        };
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);

        await peer.SendAsync(SourceFrame.ToFrame(source));
        await peer.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 1));
        await peer.ReadAsync(FeedFrameType.Pong);

        Assert.Equal(source, fixture.Grid.Sources["S"]);
        peer.Dispose();
    }

    [Theory]
    [InlineData(FeedFrameType.Ping)]
    [InlineData(FeedFrameType.Bye)]
    public async Task Ping_and_bye_have_no_payload(FeedFrameType type)
    {
        Assert.Equal(
            (GridErrorCode.Malformed, $"{Second}: {type} has 1 bytes of payload; it has none"),
            await RefusedAsync(FeedPeer.Frame((byte)type, 0, [1])));
    }

    [Fact]
    public async Task Bye_ends_the_connection_without_an_error()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);

        await peer.SendAsync(FeedHeader.Empty(FeedFrameType.Bye, 0));

        Assert.Null(await peer.TryReadAsync());
        Assert.Equal(0, fixture.Grid.OpenFeeds);
    }

    private static async Task<(GridErrorCode Code, string Message)> RefusedAsync(params byte[][] frames)
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        var (bystander, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "bystander");
        foreach (var frame in frames)
        {
            await peer.SendAsync(frame);
        }

        var error = await peer.ReadErrorAsync();
        Assert.True(error.IsFatal);
        Assert.Equal(0UL, error.Batch);
        await bystander.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 77));
        Assert.Equal(77UL, (await bystander.ReadAsync(FeedFrameType.Pong)).Header.Number);
        peer.Dispose();
        bystander.Dispose();
        return (error.Code, error.Message);
    }
}

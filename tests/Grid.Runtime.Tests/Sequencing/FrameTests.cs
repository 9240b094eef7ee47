using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Sequencing;
using Grid.Storage;

namespace Grid.Runtime.Tests.Sequencing;

/// <summary>The payloads of the journal's frames: golden bytes, and what is not well formed.</summary>
public sealed class FrameTests
{
    private static readonly SourceDeclaration Source = new()
    {
        Name = "cta",
        Policy = DedupPolicy.Content,
        IsContiguous = true,
        UnknownInstrument = UnknownInstrumentAction.Reject,
        NotLastConditions = 1,
        NotHighLowConditions = 0x0203,
        NotVolumeConditions = 0x80000000,
    };

    [Fact]
    public void Input_head_has_its_golden_bytes()
    {
        var bytes = new byte[InputFrame.HeadBytesMax];
        var length = InputFrame.WriteHead(bytes, epoch: 3, batch: 0x0102, new UnixNanos(-2), "cta"u8);
        Assert.Equal("03000000000000000201000000000000FEFFFFFFFFFFFFFF03637461", Convert.ToHexString(bytes.AsSpan(0, length)));
        var rest = InputFrame.Read([.. bytes[..length], 9, 8], lsn: 1, out var head);
        Assert.Equal(new InputHead(3, 0x0102, new UnixNanos(-2), "cta"), head);
        Assert.Equal([9, 8], rest.ToArray());
    }

    [Fact]
    public void Input_that_is_too_short_for_its_head_is_refused()
    {
        var bytes = new byte[InputFrame.HeadBytesMax];
        var length = InputFrame.WriteHead(bytes, 3, 4, default, "cta"u8);
        for (var cut = 0; cut < length; cut++)
        {
            var broken = Assert.Throws<GridStorageException>(() => InputFrame.Read(bytes.AsSpan(0, cut), lsn: 77, out _));
            Assert.Equal($"journal frame 77 is an input of {cut} bytes: too short for its head", broken.Message);
        }
    }

    [Fact]
    public void Outcomes_have_their_golden_bytes()
    {
        Outcome[] outcomes = [.. Enumerable.Repeat(Outcome.Accepted, 300), Outcome.Duplicate, Outcome.Reject(RejectReason.SizeNegative), Outcome.Accepted];
        var bytes = Written(outcomes);
        Assert.Equal("0504000000000000" + "2F010000" + "AC0200" + "0181" + "01D2" + "0100", Convert.ToHexString(bytes));
        Assert.Equal(0x0405UL, OutcomeFrame.InputLsn(bytes, lsn: 9));
        Assert.Equal(outcomes, Read(bytes, outcomes.Length));
    }

    [Fact]
    public void Any_outcomes_are_read_back_and_fit_the_bytes_foreseen()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var outcomes = new Outcome[random.Next(1, seed % 10 == 0 ? GridLimits.BatchEventsMax + 1 : 200)];
            for (var i = 0; i < outcomes.Length; i++)
            {
                outcomes[i] = i > 0 && random.Next(4) > 0 ? outcomes[i - 1] : new Outcome((byte)random.Next(256));
            }

            Assert.Equal(outcomes, Read(Written(outcomes), outcomes.Length));
        }
    }

    [Fact]
    public void Outcomes_that_are_not_well_formed_are_refused()
    {
        var bytes = Written([Outcome.Accepted, Outcome.Accepted, Outcome.Duplicate]);
        Assert.Equal("journal frame 9 holds outcomes, but it is shorter than its head", Why(() => OutcomeFrame.InputLsn(bytes.AsSpan(0, 11), lsn: 9)));
        Assert.Equal("journal frame 9 holds outcomes, but its count is not the 4 events of its input", Why(() => Read(bytes, 4)));
        for (var cut = 12; cut < bytes.Length; cut++)
        {
            Assert.Equal("journal frame 9 holds outcomes, but a run is cut", Why(() => Read(bytes[..cut], 3)));
        }

        Assert.Equal("journal frame 9 holds outcomes, but 1 bytes follow its runs", Why(() => Read([.. bytes, 0], 3)));
        Assert.Equal("journal frame 9 holds outcomes, but a run of 4 does not fit", Why(() => Read([.. bytes[..12], 4, 0], 3)));
        Assert.Equal("journal frame 9 holds outcomes, but a run of 0 does not fit", Why(() => Read([.. bytes[..12], 0, 0, 3, 0], 3)));
        Assert.Equal("journal frame 9 holds outcomes, but a run is cut", Why(() => Read([.. bytes[..12], 255, 255, 255, 255, 255, 255, 0], 3)));
    }

    [Fact]
    public void Source_has_its_golden_bytes()
    {
        var bytes = SourceFrame.ToBytes(Source);
        Assert.Equal("01020102" + "01000000" + "03020000" + "00000080" + "03000000637461", Convert.ToHexString(bytes));
        Assert.Equal(Source, ReadSource(bytes));
    }

    [Fact]
    public void Source_that_is_not_well_formed_is_refused()
    {
        var bytes = SourceFrame.ToBytes(Source);
        for (var cut = 0; cut < bytes.Length; cut++)
        {
            Assert.Throws<FormatException>(() => ReadSource(bytes[..cut]));
        }

        Assert.Equal("a source declaration has version 2; this program reads version 1", Assert.Throws<FormatException>(() => ReadSource([2, .. bytes[1..]])).Message);
        foreach (var at in (int[])[1, 2, 3])
        {
            var wrong = bytes.ToArray();
            wrong[at] = 4;
            Assert.Throws<FormatException>(() => ReadSource(wrong));
        }
    }

    private static byte[] Written(Outcome[] outcomes)
    {
        var bytes = new byte[OutcomeFrame.BytesMax(outcomes.Length)];
        return bytes[..OutcomeFrame.Write(bytes, inputLsn: 0x0405, outcomes)];
    }

    private static Outcome[] Read(byte[] bytes, int events)
    {
        var outcomes = new Outcome[events];
        OutcomeFrame.Read(bytes, lsn: 9, outcomes);
        return outcomes;
    }

    private static SourceDeclaration ReadSource(byte[] bytes)
    {
        var reader = new StateReader(bytes);
        return SourceFrame.Read(ref reader);
    }

    private static string Why(Func<object> read) => Assert.Throws<GridStorageException>(read).Message;
}

using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class TornEndTests
{
    private const string Last = "0000000000000003.journal";

    private readonly IJournalDirectory _journal = NewFolder();

    /// <summary>What may lie behind the place where the last write stopped.</summary>
    public enum Behind
    {
        EndOfFile,
        Zeros,
        Garbage,
    }

    [Theory]
    [InlineData(Behind.EndOfFile)]
    [InlineData(Behind.Zeros)]
    [InlineData(Behind.Garbage)]
    public void A_write_torn_at_any_byte_costs_only_the_frames_it_did_not_finish(Behind behind)
    {
        AppendGroups(_journal, 2);
        AppendGroups(_journal, 6);
        var whole = Bytes(_journal, Last);
        var offsets = FrameOffsets(_journal, 3);
        for (var cut = SegmentHeader.Bytes; cut < whole.Length; cut++)
        {
            var torn = Copy(_journal);
            var contents = Torn(whole, cut, behind);
            torn.Replace(Last, contents);
            var framesLeft = WholeFrames(whole, contents, offsets);

            using (var reader = new JournalReader(torn))
            {
                Assert.Equal(2 + framesLeft, ReadAll(reader).Count);
                AssertCut(reader.TornEnd, offsets[framesLeft], contents);
            }

            using (var writer = Open(torn))
            {
                Assert.Equal(2ul + (ulong)framesLeft, writer.LastLsn);
                AssertCut(writer.Recovery.Cut, offsets[framesLeft], contents);
                writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1));
                writer.Close();
            }

            var frames = ReadAll(torn);
            Assert.Equal(2 + framesLeft + 1, frames.Count);
            Assert.All(frames, f => Assert.Equal(PayloadOf(f.Lsn), f.Payload));
        }
    }

    [Fact]
    public void Opening_says_where_why_and_how_much_was_cut()
    {
        AppendGroups(_journal, 2);
        Overwrite(_journal, "0000000000000001.journal", bytes => bytes[..^20]);

        using var writer = Open(_journal);

        Assert.Equal(
            "journal segment '/disk/journal/0000000000000001.journal' ends torn at offset 112, LSN 2, with 36 bytes that were "
            + "never flushed: a frame with 22 bytes of payload runs past the end of the file",
            writer.Recovery.Cut!.ToString());
        Assert.Equal(112, Bytes(_journal, "0000000000000001.journal").Length);
    }

    [Fact]
    public void A_hole_in_front_of_whole_frames_that_were_never_flushed_is_a_torn_end()
    {
        // One group: none of its frames knows that another had reached the disk.
        AppendGroups(_journal, 6);
        var offsets = FrameOffsets(_journal, 1);
        Overwrite(_journal, "0000000000000001.journal", bytes =>
        {
            bytes.AsSpan((int)offsets[2], (int)(offsets[3] - offsets[2])).Clear();
            return bytes;
        });

        using var writer = Open(_journal);

        Assert.Equal(2ul, writer.LastLsn);
        Assert.InRange(writer.Recovery.Cut!.Bytes, offsets[6] - offsets[2] - 7, offsets[6] - offsets[2]);
        Assert.Equal("the frames end here", writer.Recovery.Cut.Reason);
    }

    [Fact]
    public void A_hole_in_front_of_a_frame_that_knew_it_was_flushed_is_damage()
    {
        AppendGroups(_journal, 4, 2);
        var offsets = FrameOffsets(_journal, 1);
        Flip(_journal, "0000000000000001.journal", offsets[2] + 40);

        var opening = Assert.Throws<GridStorageException>(() => Open(_journal));
        var reading = Assert.Throws<GridStorageException>(() => ReadAll(_journal));

        Assert.Equal(
            $"journal segment '/disk/journal/0000000000000001.journal' is damaged at offset {offsets[2]}, LSN 3: the checksum of "
            + "the frame does not match, but LSN 4 was known to be on the disk. Run 'grid journal verify' to see all of it, "
            + "'grid journal repair' to keep what can be read, or restore a backup.",
            opening.Message);
        Assert.Equal(opening.Message, reading.Message);
        Assert.False(opening.IsTransient);
    }

    [Fact]
    public void An_end_before_what_a_snapshot_has_seen_is_damage()
    {
        AppendGroups(_journal, 4);
        Overwrite(_journal, "0000000000000001.journal", bytes => bytes[..^1]);

        Open(Copy(_journal), flushedLsnAtLeast: 3).Dispose();
        var error = Assert.Throws<GridStorageException>(() => Open(_journal, flushedLsnAtLeast: 4));

        Assert.Contains("LSN 4 was known to be on the disk", error.Message);
    }

    [Fact]
    public void A_journal_that_is_gone_is_missed_by_whoever_knew_it()
    {
        var error = Assert.Throws<GridStorageException>(() => Open(_journal, flushedLsnAtLeast: 7));
        Assert.StartsWith("journal '/disk/journal' lacks LSN 1 to 7: there is no segment with them.", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65_536)]
    public void A_segment_whose_creation_was_cut_short_is_removed(int length)
    {
        AppendGroups(_journal, 2);
        var header = Bytes(_journal, "0000000000000001.journal").AsSpan(0, 40).ToArray();
        var begun = new byte[length];
        header.AsSpan(0, Math.Min(40, length)).CopyTo(begun);
        _journal.Replace(Last, begun);

        Assert.Equal(2, ReadAll(_journal).Count);
        using var writer = Open(_journal);
        Assert.Equal(Last, writer.Recovery.SegmentRemoved);
        Assert.Equal(2ul, writer.LastLsn);
        Assert.Equal(["0000000000000001.journal", Last], _journal.List());
    }

    [Fact]
    public void The_segment_before_one_that_was_being_created_must_be_whole()
    {
        AppendGroups(_journal, 2);
        Overwrite(_journal, "0000000000000001.journal", bytes => bytes[..^1]);
        _journal.Replace(Last, []);

        var error = Assert.Throws<GridStorageException>(() => Open(_journal));
        Assert.Contains("LSN 2 was known to be on the disk", error.Message);
    }

    [Fact]
    public void A_damaged_header_in_front_of_frames_is_damage()
    {
        AppendGroups(_journal, 2);
        Flip(_journal, "0000000000000001.journal", 30);

        var error = Assert.Throws<GridStorageException>(() => Open(_journal));
        Assert.Contains("damaged at offset 0, LSN 1: the checksum of the segment header does not match", error.Message);
    }

    [Fact]
    public void Temporary_files_of_a_crash_are_removed()
    {
        AppendGroups(_journal, 2);
        _journal.Create("0000000000000003.journal.new").Dispose();

        Open(_journal).Dispose();

        Assert.Equal(["0000000000000001.journal", Last], _journal.List());
    }

    [Fact]
    public void The_image_of_a_frame_in_an_event_is_not_taken_for_a_frame()
    {
        // A client sends the bytes of a frame that claims that everything before it was flushed; the salt is not known to it.
        var forged = new byte[64];
        new FrameHeader(0, 32, 9, 8, JournalFrameType.Input, 0, 0, 0).Write(forged, salt: 0, forged.AsSpan(32), default);
        using (var writer = Open(_journal))
        {
            writer.Append(JournalFrameType.Input, null, "good"u8);
            writer.Append(JournalFrameType.Input, null, forged);
            writer.Close();
        }

        Flip(_journal, "0000000000000001.journal", FrameOffsets(_journal, 1)[1]);

        using var reopened = Open(_journal);
        Assert.Equal(1ul, reopened.LastLsn);
    }

    private static byte[] Torn(byte[] whole, int cut, Behind behind)
    {
        var torn = behind == Behind.EndOfFile ? whole[..cut] : [.. whole[..cut], .. new byte[5000]];
        if (behind == Behind.Garbage)
        {
            new Random(cut).NextBytes(torn.AsSpan(cut));
        }

        return torn;
    }

    // Of a frame that ends in zeros, the last bytes need not have been written.
    private static int WholeFrames(byte[] whole, byte[] torn, List<long> offsets) =>
        offsets.FindLastIndex(end => torn.Length >= end && torn.AsSpan(0, (int)end).SequenceEqual(whole.AsSpan(0, (int)end)));

    private static void AssertCut(JournalCut? found, long offset, byte[] torn)
    {
        if (torn.AsSpan((int)offset).ContainsAnyExcept((byte)0))
        {
            Assert.Equal(offset, found!.Offset);
        }
        else
        {
            Assert.Null(found);
        }
    }
}

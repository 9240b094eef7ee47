using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

/// <summary>A journal on a real disk that is written to while it is held.</summary>
public sealed class JournalHoldTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly DiskDirectory _journal;

    public JournalHoldTests() => _journal = new DiskDirectory(_temp.File("journal"));

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void What_the_writer_deletes_meanwhile_can_still_be_read()
    {
        using var writer = Open(_journal);
        AppendLarge(writer, 20);
        using var hold = JournalHold.Take(_journal);
        AppendLarge(writer, 20);
        hold.Refresh();
        AppendLarge(writer, 20);
        Assert.True(writer.DeleteSegmentsBefore(writer.LastLsn) > 5);
        AppendLarge(writer, 3);

        var held = hold.ReadSegments();
        Assert.Equal(1UL, held[0].FirstLsn);
        Assert.Equal(writer.LastLsn, held[^1].LastLsn);

        // Between the last look and the deletion segments came and went: that is found when the copy is verified.
        var copy = Copied(held);
        Assert.False(JournalVerifier.Verify(copy).IsHealthy);
    }

    [Fact]
    public void Copy_of_what_is_held_has_every_frame_that_was_flushed()
    {
        using var writer = Open(_journal);
        AppendLarge(writer, 20);
        using var hold = JournalHold.Take(_journal);
        AppendLarge(writer, 13);
        hold.Refresh();
        writer.DeleteSegmentsBefore(writer.LastLsn);
        AppendLarge(writer, 1);
        var copy = Copied(hold.ReadSegments());
        Assert.True(JournalVerifier.Verify(copy).IsHealthy);
        Assert.Equal(Enumerable.Range(1, 34).Select(i => (ulong)i), ReadAll(copy).Select(f => f.Lsn));
    }

    [Fact]
    public void Copy_ends_with_the_last_whole_frame()
    {
        using (var writer = Open(_journal))
        {
            AppendLarge(writer, 2);
        }

        // As if the next write had reached the file in part.
        var name = SegmentName.Of(1);
        var end = FrameOffsets(_journal, 1)[^1];
        Overwrite(_journal, name, bytes =>
        {
            bytes.AsSpan(64, 5_000).CopyTo(bytes.AsSpan((int)end));
            return bytes;
        });

        using var hold = JournalHold.Take(_journal);
        var only = Assert.Single(hold.ReadSegments());
        Assert.Equal((1UL, 2UL, end), (only.FirstLsn, only.LastLsn, only.Bytes));
    }

    [Fact]
    public void Damage_at_the_end_is_told_with_its_place()
    {
        AppendGroups(_journal, 3, 3, 3);
        Flip(_journal, SegmentName.Of(1), FrameOffsets(_journal, 1)[1] + 40);
        using var hold = JournalHold.Take(_journal);
        var failure = Assert.Throws<GridStorageException>(() => hold.ReadSegments());
        Assert.Contains($"is damaged at offset {FrameOffsets(_journal, 1)[^1]}, LSN 2: the checksum of the frame does not match, but LSN ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_segment_that_a_new_writer_begins_anew_is_held_as_it_is_then()
    {
        AppendGroups(_journal, 3);
        Open(_journal).Dispose();
        using var hold = JournalHold.Take(_journal);
        AppendGroups(_journal, 2);

        Assert.Equal([(1UL, 3UL), (4UL, 5UL)], hold.ReadSegments().Select(s => (s.FirstLsn, s.LastLsn)));
    }

    [Fact]
    public void Interrupted_repair_is_refused()
    {
        AppendGroups(_journal, 1);
        _journal.Replace(SegmentName.Of(1) + SegmentName.RepairSuffix, [1]);
        Assert.Contains("a repair that was interrupted", Assert.Throws<GridStorageException>(() => JournalHold.Take(_journal)).Message, StringComparison.Ordinal);
    }

    private static void AppendLarge(JournalWriter writer, int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            writer.Append(JournalFrameType.Input, null, new byte[10_000]);
            writer.Flush();
        }
    }

    private DiskDirectory Copied(IEnumerable<HeldSegment> segments)
    {
        var copy = new DiskDirectory(_temp.File("copy"));
        foreach (var segment in segments)
        {
            var bytes = new byte[segment.Bytes];
            Assert.Equal(bytes.Length, segment.File.Read(0, bytes));
            copy.Replace(segment.FileName, bytes);
        }

        return copy;
    }
}

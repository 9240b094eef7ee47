using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalVerifierTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    [Fact]
    public void A_healthy_journal_is_listed_by_segment()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 5);

        var report = JournalVerifier.Verify(_journal);

        Assert.True(report.IsHealthy);
        Assert.Null(report.TornEnd);
        Assert.Empty(report.Losses);
        Assert.Equal(
            [("0000000000000001.journal", 1ul, 3ul, 3L), ("0000000000000004.journal", 4ul, 8ul, 5L)],
            report.Segments.Select(s => (s.FileName, s.FirstLsn, s.LastLsn, s.Frames)));
        Assert.Equal(Bytes(_journal, "0000000000000001.journal").Length, report.Segments[0].Bytes);
        Assert.Equal("2024-01-02T03:04:05.000000000Z", report.Segments[0].CreatedAt.ToString());
    }

    [Fact]
    public void All_damage_is_listed_and_nothing_is_changed()
    {
        AppendGroups(_journal, 6);
        AppendGroups(_journal, 6);
        AppendGroups(_journal, 4, 2);
        foreach (var firstLsn in new ulong[] { 1, 7, 13 })
        {
            Flip(_journal, SegmentName.Of(firstLsn), FrameOffsets(_journal, firstLsn)[1] + 35);
        }

        var before = _journal.List().Select(name => Bytes(_journal, name)).ToList();
        var report = JournalVerifier.Verify(_journal);

        Assert.Equal([2, 8, 14], report.Losses.Select(l => (int)l.FirstLsn));
        Assert.Equal([5, 5, 5], report.Segments.Select(s => (int)s.Frames));
        Assert.Equal([6, 12, 18], report.Segments.Select(s => (int)s.LastLsn));
        Assert.Equal(3, report.Problems.Count);
        Assert.Equal(
            "LSN 14 to 14 in '/disk/journal/000000000000000d.journal' at offset 128 (48 bytes): "
            + "the checksum of the frame does not match, but LSN 16 was known to be on the disk",
            report.Problems[2]);
        Assert.Equal(before, _journal.List().Select(name => Bytes(_journal, name)));
    }

    [Fact]
    public void Frames_that_two_segments_have_are_reported_and_repaired()
    {
        AppendGroups(_journal, 6);
        var longer = Bytes(_journal, "0000000000000001.journal");
        _journal.Delete("0000000000000001.journal");
        AppendGroups(_journal, 4);
        AppendGroups(_journal, 2);
        _journal.Replace("0000000000000001.journal", longer);

        Assert.Contains("the next segment begins already with LSN 5", Assert.Throws<GridStorageException>(() => ReadAll(_journal)).Message);
        Assert.Equal(
            ["'0000000000000001.journal' holds frames that the next segment, which begins with LSN 5, has too"],
            JournalVerifier.Verify(_journal).Problems);
        Assert.Empty(JournalRepairer.Repair(_journal).Losses);
        Assert.Equal([1, 2, 3, 4, 5, 6], ReadAll(_journal).Select(f => (int)f.Lsn));
    }
}

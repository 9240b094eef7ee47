using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalReaderTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    [Fact]
    public void A_journal_without_segments_has_no_frames()
    {
        using var reader = new JournalReader(_journal);
        Assert.False(reader.TryRead(out _));
        Assert.Null(reader.TornEnd);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 8)]
    [InlineData(3, 6)]
    [InlineData(4, 5)]
    [InlineData(8, 1)]
    [InlineData(9, 0)]
    public void Reading_begins_at_the_LSN_asked_for(ulong fromLsn, int expected)
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 5);

        var frames = ReadAll(_journal, fromLsn);

        Assert.Equal(expected, frames.Count);
        Assert.All(frames, f => Assert.Equal(PayloadOf(f.Lsn), f.Payload));
    }

    [Fact]
    public void Reading_ends_at_the_LSN_asked_for()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 5);

        Assert.Equal([2, 3, 4], ReadAll(_journal, 2, 4).Select(f => (int)f.Lsn));
    }

    [Fact]
    public void Beside_a_writer_everything_flushed_can_be_read()
    {
        using var writer = Open(_journal);
        for (var i = 0; i < 2000; i++)
        {
            writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1), new byte[100]);
            if (i % 50 == 49)
            {
                writer.Flush();
                Assert.Equal(50, ReadAll(_journal, writer.FlushedLsn - 49, writer.FlushedLsn).Count);
            }
        }

        Assert.True(writer.Segments().Count > 2);
    }

    [Fact]
    public void Frames_that_were_deleted_are_not_passed_over_in_silence()
    {
        AppendGroups(_journal, 3);
        using var writer = Open(_journal);
        writer.DeleteSegmentsBefore(4);

        var error = Assert.Throws<GridStorageException>(() => ReadAll(_journal, 2));

        Assert.StartsWith("journal '/disk/journal' lacks LSN 2 to 3: the journal begins later.", error.Message);
    }

    [Fact]
    public void Asking_for_more_than_there_is_is_an_error()
    {
        AppendGroups(_journal, 3);

        var error = Assert.Throws<GridStorageException>(() => ReadAll(_journal, 1, 9));

        Assert.Contains("LSN 4: the frames end here, but LSN 9 was known to be on the disk", error.Message);
    }

    [Fact]
    public void A_missing_segment_is_named()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        _journal.Delete("0000000000000004.journal");

        var error = Assert.Throws<GridStorageException>(() => ReadAll(_journal));

        Assert.Contains("'/disk/journal/0000000000000001.journal' is damaged", error.Message);
        Assert.Contains("LSN 4: the frames end here, but the next segment begins with LSN 7", error.Message);
        Assert.Contains("grid journal repair", error.Message);
    }

    [Fact]
    public void A_segment_of_a_newer_version_is_refused_with_both_versions()
    {
        AppendGroups(_journal, 3);
        Overwrite(_journal, "0000000000000001.journal", bytes =>
        {
            bytes[8] = 2;
            BitConverter.TryWriteBytes(bytes.AsSpan(60), Grid.Domain.Crc32C.Compute(bytes.AsSpan(0, 60)));
            return bytes;
        });

        var reading = Assert.Throws<GridStorageException>(() => ReadAll(_journal));
        var writing = Assert.Throws<GridStorageException>(() => Open(_journal));
        var verifying = Assert.Throws<GridStorageException>(() => JournalVerifier.Verify(_journal));
        var repairing = Assert.Throws<GridStorageException>(() => JournalRepairer.Repair(_journal));

        Assert.Equal(
            "journal segment '/disk/journal/0000000000000001.journal' has format version 2; this grid reads up to version 1. "
            + "Start it with a newer grid, or restore a backup of this version.",
            reading.Message);
        Assert.All([writing, verifying, repairing], error => Assert.Equal(reading.Message, error.Message));
    }

    [Fact]
    public void A_sector_that_the_disk_cannot_read_is_reported_with_its_place()
    {
        AppendGroups(_journal, 100);
        FaultyDisk.BreakSector(_journal, "0000000000000001.journal", 2048);

        var error = Assert.Throws<GridStorageException>(() => ReadAll(_journal));

        Assert.StartsWith("'/disk/journal/0000000000000001.journal' cannot be read at offset 64", error.Message);
    }
}

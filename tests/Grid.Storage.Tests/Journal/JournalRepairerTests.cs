using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalRepairerTests
{
    private const string First = "0000000000000001.journal";

    private readonly IJournalDirectory _journal = NewFolder();

    [Fact]
    public void A_whole_journal_is_left_as_it_is()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        var before = Bytes(_journal, First);

        var report = JournalRepairer.Repair(_journal);

        Assert.Empty(report.Losses);
        Assert.Empty(report.Actions);
        Assert.Equal(before, Bytes(_journal, First));
    }

    [Fact]
    public void A_torn_end_is_left_to_the_next_start_and_reported()
    {
        AppendGroups(_journal, 3);
        Overwrite(_journal, First, bytes => bytes[..^1]);

        var verified = JournalVerifier.Verify(_journal);
        var report = JournalRepairer.Repair(_journal);

        Assert.True(verified.IsHealthy);
        Assert.Equal(3ul, verified.TornEnd!.Lsn);
        Assert.Equal(verified.TornEnd, report.TornEnd);
        Assert.Empty(report.Actions);
    }

    [Fact]
    public void A_damaged_frame_becomes_a_gap_and_the_rest_is_kept()
    {
        AppendGroups(_journal, 6);
        AppendGroups(_journal, 2);
        var damaged = Bytes(_journal, First);
        var offsets = FrameOffsets(_journal, 1);
        damaged[offsets[2] + 33] ^= 1;
        damaged[offsets[3] + 33] ^= 1;
        _journal.Replace(First, damaged);

        var report = JournalRepairer.Repair(_journal);

        var path = $"/disk/journal/{First}";
        Assert.Equal(
            [new JournalLoss(path, offsets[2], offsets[4] - offsets[2], 3, 4, "the checksum of the frame does not match")], report.Losses);
        Assert.Equal(
            [$"4 frames of '{First}' were copied", $"the damaged segment is now '{First}.damaged'"], report.Actions);
        Assert.Equal(damaged, Bytes(_journal, First + ".damaged"));

        var frames = ReadAll(_journal);
        Assert.Equal([1, 2, 3, 5, 6, 7, 8], frames.Select(f => (int)f.Lsn));
        Assert.Equal((JournalFrameType.Gap, 4ul), (frames[2].Type, frames[2].LostThrough));
        Assert.Equal(3ul, ReadAll(_journal, fromLsn: 4)[0].Lsn);
        using var writer = Open(_journal);
        Assert.Equal(8ul, writer.LastLsn);
    }

    [Fact]
    public void Frames_whose_names_are_lost_are_lost_with_them()
    {
        using (var writer = Open(_journal))
        {
            var dictionary = writer.NewDictionary();
            AddSymbols(dictionary, "AAPL");
            writer.Append(JournalFrameType.Input, dictionary, "two"u8);
            AddSymbols(dictionary, "MSFT");
            writer.Append(JournalFrameType.Input, dictionary, "four"u8);
            writer.Append(JournalFrameType.Outcomes, null, "five"u8);
            writer.Append(JournalFrameType.Input, dictionary, "six"u8);
            writer.Close();
        }

        AppendGroups(_journal, 1);
        Flip(_journal, First, FrameOffsets(_journal, 1)[2] + 40);

        var report = JournalRepairer.Repair(_journal);

        Assert.Equal([(3ul, 4ul), (6ul, 6ul)], report.Losses.Select(l => (l.FirstLsn, l.LastLsn)));
        Assert.Equal("it needs 2 dictionary frames of dictionary 1; 1 could be read", report.Losses[1].Reason);
        Assert.Equal([2, 3, 5, 6, 7], ReadAll(_journal).Select(f => (int)f.Lsn));
    }

    [Fact]
    public void A_missing_segment_is_replaced_by_a_gap()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        _journal.Delete("0000000000000004.journal");

        var verified = JournalVerifier.Verify(_journal);
        var report = JournalRepairer.Repair(_journal);

        Assert.Equal(["LSN 4 to 6 in '/disk/journal' at offset 0 (0 bytes): the segment is missing"], verified.Problems);
        Assert.Equal(verified.Losses, report.Losses);
        Assert.Equal([1, 2, 3, 4, 7, 8, 9], ReadAll(_journal).Select(f => (int)f.Lsn));
    }

    [Fact]
    public void A_segment_without_its_header_is_read_all_the_same()
    {
        AppendGroups(_journal, 5);
        AppendGroups(_journal, 5);
        foreach (var name in _journal.List())
        {
            Overwrite(_journal, name, bytes =>
            {
                bytes.AsSpan(0, SegmentHeader.Bytes).Clear();
                return bytes;
            });
        }

        var verified = JournalVerifier.Verify(_journal);
        var report = JournalRepairer.Repair(_journal);

        Assert.Equal(2, verified.Problems.Count);
        Assert.Equal($"the header of '{First}' is damaged: the file does not begin with 'GRIDJRNL'", verified.Problems[0]);
        Assert.Empty(report.Losses);
        Assert.Equal(10, ReadAll(_journal).Count);
        Assert.All(ReadAll(_journal), f => Assert.Equal(PayloadOf(f.Lsn), f.Payload));
    }

    [Fact]
    public void A_segment_that_is_all_garbage_becomes_one_gap()
    {
        AppendGroups(_journal, 5);
        AppendGroups(_journal, 5);
        Overwrite(_journal, First, bytes =>
        {
            new Random(6).NextBytes(bytes);
            return bytes;
        });

        var report = JournalRepairer.Repair(_journal);

        var loss = Assert.Single(report.Losses);
        Assert.Equal((1ul, 5ul), (loss.FirstLsn, loss.LastLsn));
        Assert.Equal([1, 6, 7, 8, 9, 10], ReadAll(_journal).Select(f => (int)f.Lsn));
    }

    [Fact]
    public void A_last_segment_that_is_all_garbage_is_lost_through_what_is_known()
    {
        AppendGroups(_journal, 5);
        AppendGroups(_journal, 5);
        Overwrite(_journal, "0000000000000006.journal", bytes =>
        {
            new Random(6).NextBytes(bytes);
            return bytes;
        });

        var report = JournalRepairer.Repair(_journal, flushedLsnAtLeast: 9);

        var loss = Assert.Single(report.Losses);
        Assert.Equal((6ul, 9ul), (loss.FirstLsn, loss.LastLsn));
        Assert.Equal("the file does not begin with 'GRIDJRNL', and how many frames followed is not known", loss.Reason);
        using var writer = Open(_journal, flushedLsnAtLeast: 9);
        Assert.Equal(9ul, writer.LastLsn);
    }

    [Fact]
    public void A_journal_that_is_gone_goes_on_behind_what_a_snapshot_has()
    {
        var report = JournalRepairer.Repair(_journal, flushedLsnAtLeast: 500);

        Assert.Equal((1ul, 500ul), (report.Losses[0].FirstLsn, report.Losses[0].LastLsn));
        using var writer = Open(_journal, flushedLsnAtLeast: 500);
        Assert.Equal(501ul, writer.Append(JournalFrameType.Input, null, "next"u8));
    }

    [Fact]
    public void A_renamed_segment_gets_its_name_back()
    {
        AppendGroups(_journal, 5);
        AppendGroups(_journal, 5);
        _journal.Rename(First, "0000000000000002.journal");

        var error = Assert.Throws<GridStorageException>(() => ReadAll(_journal));
        var report = JournalRepairer.Repair(_journal);

        Assert.Contains("its header says that it begins with LSN 1, its name says 2", error.Message);
        Assert.Equal(["'0000000000000002.journal' was renamed to '0000000000000001.journal', which is what its header says"], report.Actions);
        Assert.Equal(10, ReadAll(_journal).Count);
    }

    [Fact]
    public void Sectors_that_the_disk_cannot_read_cost_only_their_frames()
    {
        AppendGroups(_journal, 200);
        AppendGroups(_journal, 1);
        FaultyDisk.BreakSector(_journal, First, 4096);

        var report = JournalRepairer.Repair(_journal);

        var loss = Assert.Single(report.Losses);
        Assert.InRange(loss.Bytes, 4096, 4096 + 120);
        Assert.Equal(201ul - (loss.LastLsn - loss.FirstLsn), (ulong)ReadAll(_journal).Count);
    }

    [Fact]
    public void An_interrupted_repair_keeps_the_journal_shut_until_it_is_finished()
    {
        var copy = First + ".repair";
        AppendGroups(_journal, 3);
        _journal.Rename(First, copy);

        var opening = Assert.Throws<GridStorageException>(() => Open(_journal));
        Assert.Equal("journal '/disk/journal' holds a repair that was interrupted. Run 'grid journal repair' again.", opening.Message);

        Assert.Equal([$"an interrupted repair of '{First}' was finished"], JournalRepairer.Repair(_journal).Actions);
        Assert.Equal(3, ReadAll(_journal).Count);
    }

    [Fact]
    public void A_repair_may_be_interrupted_at_any_moment_and_run_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            for (var operation = 1; ; operation++)
            {
                var disk = new FaultyDisk(seed);
                var journal = disk.Root.Subdirectory(JournalFormat.FolderName);
                AppendGroups(journal, 6);
                AppendGroups(journal, 3);
                AppendGroups(journal, 1, 3);
                journal.Delete("0000000000000007.journal");
                journal.Flush();
                Flip(journal, First, FrameOffsets(journal, 1)[2] + 33);
                Flip(journal, "000000000000000a.journal", 100);

                disk.FailPowerAfter(operation);
                var isDone = true;
                try
                {
                    JournalRepairer.Repair(journal);
                }
                catch (GridStorageException)
                {
                    isDone = false;
                }

                disk.Crash();
                JournalRepairer.Repair(journal);
                var found = ReadAll(journal).Select(f => (int)f.Lsn);
                Assert.True(found.SequenceEqual([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13]), $"seed {seed}, operation {operation}: {string.Join(' ', found)}");
                Assert.Contains(First + ".damaged", journal.List());
                if (isDone)
                {
                    break;
                }
            }
        }
    }
}

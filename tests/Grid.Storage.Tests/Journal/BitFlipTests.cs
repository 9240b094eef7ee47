using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class BitFlipTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    public BitFlipTests()
    {
        using (var writer = Open(_journal))
        {
            var dictionary = writer.NewDictionary();
            for (var group = 0; group < 4; group++)
            {
                AddSymbols(dictionary, $"SYM{group}");
                writer.Append(JournalFrameType.Input, dictionary, PayloadOf(writer.LastLsn + 2));
                writer.Append(JournalFrameType.Outcomes, null, PayloadOf(writer.LastLsn + 1));
                writer.Flush();
            }

            writer.Close();
        }

        AppendGroups(_journal, 2, 2);
    }

    [Fact]
    public void Any_bit_flipped_in_a_segment_that_is_not_the_last_is_reported()
    {
        const string name = "0000000000000001.journal";
        ForEachFlip(name, (flipped, offset, bit) =>
        {
            var error = Assert.Throws<GridStorageException>(() => ReadAll(flipped));
            Assert.Contains(name, error.Message);
            Assert.False(JournalVerifier.Verify(flipped).IsHealthy, $"bit {bit} of byte {offset}");
        });
    }

    [Fact]
    public void Any_bit_flipped_in_the_last_segment_is_reported_or_costs_only_what_nobody_knew_to_be_flushed()
    {
        var whole = ReadAll(_journal);
        ForEachFlip("000000000000000d.journal", (flipped, offset, bit) =>
        {
            List<ReadFrame> frames = [];
            try
            {
                using var reader = new JournalReader(flipped);
                frames = ReadAll(reader);
                Assert.NotNull(reader.TornEnd);
            }
            catch (GridStorageException)
            {
                Assert.False(JournalVerifier.Verify(flipped).IsHealthy, $"bit {bit} of byte {offset}");
                return;
            }

            // The first group of two was known to be flushed by the second.
            Assert.InRange(frames.Count, whole.Count - 2, whole.Count - 1);
            Assert.Equal(whole.Take(frames.Count).Select(f => f.Payload), frames.Select(f => f.Payload));
        });
    }

    [Fact]
    public void Whatever_bit_flips_a_repair_makes_the_journal_readable_and_accounts_for_every_frame()
    {
        var whole = ReadAll(_journal).ToDictionary(f => f.Lsn);
        ForEachFlip("0000000000000001.journal", (flipped, offset, bit) =>
        {
            var report = JournalRepairer.Repair(flipped);
            var frames = ReadAll(flipped);

            var lost = report.Losses.SelectMany(l => Range(l.FirstLsn, l.LastLsn)).ToHashSet();
            Assert.Equal(whole.Keys.Except(lost).Order(), frames.Where(f => f.Type != JournalFrameType.Gap).Select(f => f.Lsn));
            foreach (var frame in frames.Where(f => f.Type != JournalFrameType.Gap))
            {
                Assert.Equal(whole[frame.Lsn].Payload, frame.Payload);
                Assert.Equal(whole[frame.Lsn].Symbols, frame.Symbols);
            }

            Assert.True(JournalVerifier.Verify(flipped).IsHealthy, $"bit {bit} of byte {offset}");
            Assert.Equal(["0000000000000001.journal.damaged"], report.MovedAside);
            Open(flipped).Dispose();
        });
    }

    private static IEnumerable<ulong> Range(ulong first, ulong last)
    {
        for (var lsn = first; lsn <= last; lsn++)
        {
            yield return lsn;
        }
    }

    // Every byte, and in each a bit that differs from its neighbours'.
    private void ForEachFlip(string name, Action<IJournalDirectory, int, int> check)
    {
        var length = Bytes(_journal, name).Length;
        for (var offset = 0; offset < length; offset++)
        {
            var bit = offset * 5 % 8;
            var flipped = Copy(_journal);
            Flip(flipped, name, offset, bit);
            check(flipped, offset, bit);
        }
    }
}

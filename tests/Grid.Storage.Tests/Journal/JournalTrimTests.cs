using Grid.Storage.Journal;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class JournalTrimTests
{
    private readonly IJournalDirectory _journal = NewFolder();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(9)]
    public void Journal_ends_with_the_frame_and_what_is_put_behind_it(int last)
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 2, 1);
        AppendGroups(_journal, 3);
        var before = ReadAll(_journal);

        Assert.Equal((ulong)last + 2, JournalTrim.EndAt(_journal, (ulong)last, [(JournalFrameType.Outcomes, [1, 2, 3]), (JournalFrameType.Outcomes, new byte[77])]));

        Assert.True(JournalVerifier.Verify(_journal).IsHealthy);
        var after = ReadAll(_journal);
        Assert.Equal(before.Take(last).Select(f => (f.Lsn, Convert.ToHexString(f.Payload))), after.Take(last).Select(f => (f.Lsn, Convert.ToHexString(f.Payload))));
        Assert.Equal([((ulong)last + 1, 3), ((ulong)last + 2, 77)], after.Skip(last).Select(f => (f.Lsn, f.Payload.Length)));
    }

    [Fact]
    public void Writer_goes_on_behind_it()
    {
        AppendGroups(_journal, 3);
        AppendGroups(_journal, 3);
        JournalTrim.EndAt(_journal, 2, []);
        AppendGroups(_journal, 2);
        Assert.Equal([1UL, 2, 3, 4], ReadAll(_journal).Select(f => f.Lsn));
    }

    [Fact]
    public void Frame_that_is_not_there_is_told()
    {
        AppendGroups(_journal, 3);
        Assert.Contains("LSN 4: the frames end here", Assert.Throws<GridStorageException>(() => JournalTrim.EndAt(_journal, 5, [])).Message, StringComparison.Ordinal);
    }
}

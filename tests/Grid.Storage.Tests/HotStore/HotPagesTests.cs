using Grid.Storage.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotPagesTests
{
    private const int Words = 3;

    private static readonly long PageBytes = Environment.SystemPageSize;

    [Theory]
    [InlineData(1, 0, 64)]
    [InlineData(2, 0, 1)]
    [InlineData(3, 63, 2)]
    [InlineData(4, 10, 150)]
    [InlineData(5, 0, 192)]
    public void What_is_marked_is_taken_once_in_runs(int seed, int first, int pages)
    {
        var random = new Random(seed);
        var extent = new HotPages(Words * HotPages.PerWord * PageBytes, areOwn: false);
        var from = (first * PageBytes) + random.NextInt64(PageBytes);
        var to = ((first + pages - 1) * PageBytes) + random.NextInt64(pages == 1 ? from % PageBytes : 0, PageBytes) + 1;
        Assert.Equal(pages, extent.Mark(from, to - from));
        Assert.Equal(0, extent.Mark(from, to - from));
        Assert.Equal(pages, extent.Own);
        Assert.Empty(Taken(extent));
        Assert.True(extent.HandOver());
        Assert.False(extent.HandOver());
        Assert.Equal(Enumerable.Range(first, pages), Taken(extent));
        Assert.Empty(Taken(extent));
    }

    [Fact]
    public void What_is_marked_again_after_it_was_taken_is_handed_over_again()
    {
        var extent = new HotPages(Words * HotPages.PerWord * PageBytes, areOwn: true);
        extent.Mark(0, 1);
        extent.HandOver();
        extent.Mark(0, 1);
        Assert.Equal([0], Taken(extent));
        Assert.Equal(ulong.MaxValue - 1, extent.Unchanged(0));
        Assert.True(extent.HandOver());
        Assert.Equal([0], Taken(extent));
        Assert.Equal(ulong.MaxValue, extent.Unchanged(0));
    }

    [Fact]
    public void Pages_that_are_given_back_are_counted()
    {
        var extent = new HotPages(10 * PageBytes, areOwn: true);
        Assert.Equal(1, extent.Words);
        Assert.Equal(10, extent.Own);
        extent.Disown(0, extent.Unchanged(0));
        Assert.Equal(0, extent.Own);
        Assert.Equal(2, extent.Mark(PageBytes - 1, 2));
        Assert.Equal(2, extent.Own);
        Assert.Equal(0UL, extent.Unchanged(0));
    }

    private static List<int> Taken(HotPages extent)
    {
        var taken = new List<int>();
        for (var word = 0; word < extent.Words; word++)
        {
            var pages = extent.Take(word);
            while (pages != 0)
            {
                var (at, bytes) = HotPages.TakeRun(word, ref pages);
                taken.AddRange(Enumerable.Range((int)(at / PageBytes), (int)(bytes / PageBytes)));
            }
        }

        return taken;
    }
}

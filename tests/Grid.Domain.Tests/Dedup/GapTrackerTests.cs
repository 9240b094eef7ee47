using Grid.Domain.Dedup;

namespace Grid.Domain.Tests.Dedup;

public sealed class GapTrackerTests
{
    [Fact]
    public void Numbers_that_follow_each_other_leave_no_gap()
    {
        var gaps = new GapTracker();
        for (var sequence = 500ul; sequence < 1000; sequence++)
        {
            Assert.Equal(GapChange.None, gaps.Observe(sequence));
        }

        Assert.Equal((500ul, 999ul), (gaps.First, gaps.Last));
        Assert.True(gaps.Open.IsEmpty);
    }

    [Fact]
    public void A_hole_opens_a_gap_and_late_numbers_close_it()
    {
        var gaps = Seen(10, 20);
        AssertOpen(gaps, (11, 19));
        Assert.Equal(GapChange.Narrowed, gaps.Observe(11));
        Assert.Equal(GapChange.Narrowed, gaps.Observe(19));
        AssertOpen(gaps, (12, 18));
        Assert.Equal(GapChange.Split, gaps.Observe(15));
        AssertOpen(gaps, (12, 14), (16, 18));
        Assert.Equal(GapChange.Narrowed, gaps.Observe(12));
        Assert.Equal(GapChange.Narrowed, gaps.Observe(14));
        Assert.Equal(GapChange.Closed, gaps.Observe(13));
        AssertOpen(gaps, (16, 18));
        Assert.Equal(GapChange.None, gaps.Observe(13));
        Assert.Equal(GapChange.Opened, gaps.Observe(22));
        AssertOpen(gaps, (16, 18), (21, 21));
    }

    [Fact]
    public void What_lies_before_the_first_number_is_missing_only_once_a_lower_one_comes()
    {
        var gaps = Seen(10);
        Assert.Equal(GapChange.None, gaps.Observe(9));
        Assert.True(gaps.Open.IsEmpty);
        Assert.Equal(GapChange.Opened, gaps.Observe(5));
        AssertOpen(gaps, (6, 8));
        Assert.Equal(5ul, gaps.First);
    }

    [Fact]
    public void Zero_and_the_highest_number_are_no_trouble()
    {
        var gaps = Seen(0);
        Assert.Equal(0ul, gaps.Last);
        Assert.Equal(GapChange.None, gaps.Observe(ulong.MaxValue));
        Assert.Equal(GapChange.None, gaps.Observe(0));
        Assert.Equal(GapChange.None, gaps.Observe(ulong.MaxValue));
        Assert.Equal((ulong.MaxValue, ulong.MaxValue), (gaps.First, gaps.Last));
        Assert.Equal(GapChange.Opened, gaps.Observe(1));
        AssertOpen(gaps, (2, ulong.MaxValue - 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Open_gaps_are_what_was_not_seen_whatever_the_order(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var numbers = Enumerable.Range(0, random.Next(1, 200)).Select(_ => (ulong)random.Next(1, 300)).ToArray();
            random.Shuffle(numbers);
            var gaps = new GapTracker();
            var open = 0;
            foreach (var sequence in numbers)
            {
                open += gaps.Observe(sequence) switch { GapChange.Opened or GapChange.Split => 1, GapChange.Closed => -1, _ => 0 };
                Assert.Equal(open, gaps.Open.Length);
            }

            var seen = numbers.ToHashSet();
            var missing = new List<ulong>();
            for (var sequence = numbers.Min(); sequence < numbers.Max(); sequence++)
            {
                if (!seen.Contains(sequence))
                {
                    missing.Add(sequence);
                }
            }

            Assert.Equal(missing, Expand(gaps));
            var loaded = SavedState.Read(SavedState.Of(gaps.Save), GapTracker.Load);
            Assert.Equal(gaps.Open.ToArray(), loaded.Open.ToArray());
            Assert.Equal((gaps.First, gaps.Last), (loaded.First, loaded.Last));
        }
    }

    [Fact]
    public void Too_many_gaps_are_forgotten_from_the_oldest_and_counted()
    {
        var gaps = new GapTracker();
        const int Holes = 3 * GapTracker.GapsMax;
        for (var i = 0; i <= Holes; i++)
        {
            // Two numbers are missing between each two.
            gaps.Observe(1 + ((ulong)i * 3));
            Assert.True(gaps.Open.Length <= GapTracker.GapsMax);
        }

        Assert.Equal(Holes, (int)gaps.ForgottenGaps + gaps.Open.Length);
        Assert.Equal((UInt128)gaps.ForgottenGaps * 2, gaps.ForgottenNumbers);
        Assert.Equal(new SequenceRange((Holes * 3) - 1, Holes * 3), gaps.Open[^1]);

        // A forgotten number closes nothing, one that is still missing does.
        Assert.Equal(GapChange.None, gaps.Observe(2));
        Assert.Equal(GapChange.Narrowed, gaps.Observe(Holes * 3));
        var loaded = SavedState.Read(SavedState.Of(gaps.Save), GapTracker.Load);
        Assert.Equal((gaps.ForgottenGaps, gaps.ForgottenNumbers), (loaded.ForgottenGaps, loaded.ForgottenNumbers));
        Assert.Equal(gaps.Open.ToArray(), loaded.Open.ToArray());
    }

    [Fact]
    public void Splits_and_lower_numbers_keep_the_limit_too()
    {
        var gaps = Seen(1_000_000, 2_000_000);
        for (var i = 1ul; i <= 2 * GapTracker.GapsMax; i++)
        {
            gaps.Observe(1_000_000 + (i * 2));
            Assert.True(gaps.Open.Length <= GapTracker.GapsMax);
        }

        for (var i = 1ul; i <= 2 * GapTracker.GapsMax; i++)
        {
            gaps.Observe(1_000_000 - (i * 2));
            Assert.True(gaps.Open.Length <= GapTracker.GapsMax);
        }

        Assert.Equal(2_000_000ul, gaps.Last);
    }

    [Fact]
    public void Saved_bytes_that_cannot_be_are_refused()
    {
        var bytes = SavedState.Of(Seen(1, 5, 9).Save);
        SavedState.AssertCutsAreRefused(bytes, GapTracker.Load);
        bytes[0] = 9;
        Assert.Equal("saved gaps have version 9; this program knows 1", Assert.Throws<FormatException>(() => SavedState.Read(bytes, GapTracker.Load)).Message);
        bytes[0] = 1;
        bytes[9] = 4;
        Assert.Equal("saved gaps have 2 to 4 after 1, in numbers 1 to 4", Assert.Throws<FormatException>(() => SavedState.Read(bytes, GapTracker.Load)).Message);
    }

    private static GapTracker Seen(params ulong[] numbers)
    {
        var gaps = new GapTracker();
        foreach (var number in numbers)
        {
            gaps.Observe(number);
        }

        return gaps;
    }

    private static void AssertOpen(GapTracker gaps, params (ulong First, ulong Last)[] expected) =>
        Assert.Equal(expected, gaps.Open.ToArray().Select(gap => (gap.First, gap.Last)));

    private static List<ulong> Expand(GapTracker gaps)
    {
        var numbers = new List<ulong>();
        foreach (var gap in gaps.Open)
        {
            for (var number = gap.First; number <= gap.Last; number++)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }
}

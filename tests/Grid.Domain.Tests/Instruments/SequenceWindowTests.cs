using System.Buffers;
using Grid.Domain.Dedup;

namespace Grid.Domain.Tests.Instruments;

public sealed class SequenceWindowTests
{
    [Fact]
    public void Asking_whether_a_number_may_have_been_seen_agrees_with_observing_and_marks_nothing()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var window = new SequenceWindow();
            for (var i = 0; i < 3_000; i++)
            {
                var sequence = (ulong)random.Next(1, 10_000);
                var maySeen = window.MayHaveSeen(sequence);
                Assert.Equal(maySeen, window.MayHaveSeen(sequence));
                Assert.Equal(maySeen, window.Observe(sequence) != SequenceSeen.New);
                Assert.True(window.MayHaveSeen(sequence));
            }
        }
    }

    [Fact]
    public void Numbers_in_order_are_one_range()
    {
        var window = new SequenceWindow();
        for (ulong i = 5; i < 100; i++)
        {
            Assert.Equal(SequenceSeen.New, window.Observe(i));
        }

        Assert.Equal([new SequenceRange(5, 99)], window.Ranges());
        Assert.Equal(SequenceSeen.Duplicate, window.Observe(5));
        Assert.Equal(SequenceSeen.Duplicate, window.Observe(99));
        Assert.Equal(SequenceSeen.New, window.Observe(4));
        Assert.Equal((4UL, 99UL), (window.Ranges().Single().First, window.Highest));
    }

    [Fact]
    public void Late_numbers_join_the_ranges_beside_them()
    {
        var window = new SequenceWindow();
        foreach (var number in (ulong[])[1, 3, 5, 7, 9])
        {
            window.Observe(number);
        }

        Assert.Equal(5, window.RangeCount);
        window.Observe(4);
        Assert.Equal([new(1, 1), new(3, 5), new(7, 7), new(9, 9)], window.Ranges());
        window.Observe(8);
        Assert.Equal([new(1, 1), new(3, 5), new(7, 9)], window.Ranges());
        window.Observe(6);
        window.Observe(2);
        Assert.Equal([new SequenceRange(1, 9)], window.Ranges());
    }

    [Fact]
    public void What_falls_out_of_a_full_window_is_too_old()
    {
        var window = new SequenceWindow();
        for (ulong i = 1; i <= GridLimits.SequenceRangesMax; i++)
        {
            Assert.Equal(SequenceSeen.New, window.Observe(i * 10));
        }

        Assert.Equal((GridLimits.SequenceRangesMax, 0UL), (window.RangeCount, window.Floor));
        window.Observe(1_000_000);

        // The 64 oldest were forgotten at once.
        Assert.Equal((GridLimits.SequenceRangesMax - 63, 640UL), (window.RangeCount, window.Floor));
        Assert.Equal(SequenceSeen.TooOld, window.Observe(640));
        Assert.Equal(SequenceSeen.TooOld, window.Observe(9));
        Assert.Equal(SequenceSeen.New, window.Observe(641));
        Assert.Equal(SequenceSeen.Duplicate, window.Observe(641));
        Assert.Equal(SequenceSeen.Duplicate, window.Observe(650));
    }

    [Fact]
    public void Number_before_all_ranges_of_a_full_window_is_taken_and_becomes_the_floor()
    {
        var window = new SequenceWindow();
        for (ulong i = 1; i <= GridLimits.SequenceRangesMax; i++)
        {
            window.Observe(i * 10);
        }

        Assert.Equal(SequenceSeen.New, window.Observe(5));
        Assert.Equal((GridLimits.SequenceRangesMax, 5UL), (window.RangeCount, window.Floor));
        Assert.Equal(SequenceSeen.TooOld, window.Observe(5));
        Assert.Equal(SequenceSeen.New, window.Observe(7));
    }

    [Fact]
    public void Largest_number_is_a_number_like_others()
    {
        var window = new SequenceWindow();
        Assert.Equal(SequenceSeen.New, window.Observe(ulong.MaxValue));
        Assert.Equal(SequenceSeen.Duplicate, window.Observe(ulong.MaxValue));
        Assert.Equal(SequenceSeen.New, window.Observe(1));
        Assert.Equal(SequenceSeen.New, window.Observe(ulong.MaxValue - 1));
        Assert.Equal([new(1, 1), new(ulong.MaxValue - 1, ulong.MaxValue)], window.Ranges());
    }

    [Fact]
    public void No_number_is_new_twice_and_what_can_be_told_is_told_right()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var window = new SequenceWindow();
            var seen = new HashSet<ulong>();
            var spread = random.Next(1, 8_000);
            var drift = random.Next(0, 5);
            for (var i = 0; i < 3_000; i++)
            {
                var number = 1 + (ulong)((i * drift) + random.Next(spread));
                var floor = window.Floor;
                var expected = number <= floor ? SequenceSeen.TooOld : seen.Contains(number) ? SequenceSeen.Duplicate : SequenceSeen.New;
                Assert.Equal(expected, window.Observe(number));
                seen.Add(number);
                Assert.True(window.Floor >= floor && window.RangeCount <= GridLimits.SequenceRangesMax, $"seed {seed}");
                if (i % 500 == 0)
                {
                    CheckRanges(window, seen, seed);
                    window = Reloaded(window);
                }
            }

            CheckRanges(window, seen, seed);
        }
    }

    [Fact]
    public void Order_within_the_window_does_not_matter()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            var numbers = Enumerable.Range(0, 900).Select(_ => (ulong)random.Next(1, 2_500)).ToArray();
            var inOrder = new SequenceWindow();
            Array.ForEach([.. numbers.Order()], n => inOrder.Observe(n));
            random.Shuffle(numbers);
            var shuffled = new SequenceWindow();
            Array.ForEach(numbers, n => shuffled.Observe(n));
            Assert.Equal(inOrder.Ranges(), shuffled.Ranges());
        }
    }

    private static void CheckRanges(SequenceWindow window, HashSet<ulong> seen, int seed)
    {
        var before = window.Floor;
        foreach (var range in window.Ranges())
        {
            Assert.True(range.First <= range.Last, $"seed {seed}: {range}");
            Assert.True(range.First > before + (before == window.Floor ? 0UL : 1UL), $"seed {seed}: {range} after {before}");
            before = range.Last;
            for (var n = range.First; n <= range.Last; n++)
            {
                Assert.Contains(n, seen);
            }
        }

        Assert.Equal(seen.Count(n => n > window.Floor), window.Ranges().Sum(r => (int)(r.Last - r.First) + 1));
    }

    private static SequenceWindow Reloaded(SequenceWindow window)
    {
        var buffer = new ArrayBufferWriter<byte>();
        window.Save(new StateWriter(buffer));
        var reader = new StateReader(buffer.WrittenSpan);
        var loaded = SequenceWindow.Load(ref reader);
        Assert.True(reader.IsAtEnd);
        Assert.Equal(window.Ranges(), loaded.Ranges());
        Assert.Equal(window.Floor, loaded.Floor);
        return loaded;
    }
}

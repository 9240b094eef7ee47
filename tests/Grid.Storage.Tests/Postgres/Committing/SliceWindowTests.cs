using Grid.Storage.Postgres.Committing;

namespace Grid.Storage.Tests.Postgres.Committing;

public sealed class SliceWindowTests
{
    [Fact]
    public void Window_tells_what_a_set_of_all_batches_tells_of_the_newest_64()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var window = default(SliceWindow);
            var set = new HashSet<ulong>();
            var (epoch, highest) = (0UL, 0UL);
            for (var i = 0; i < 500; i++)
            {
                var (e, batch) = (epoch, (ulong)Math.Max(1L, (long)highest + random.Next(-80, 20)));
                switch (random.Next(60))
                {
                    case 0:
                        e++;
                        break;
                    case 1 when e > 0:
                        e--;
                        break;
                    case 2:
                        batch += 200;
                        break;
                }

                var expected = e < epoch ? SliceState.OldProducer
                    : e > epoch || batch > highest ? SliceState.New
                    : highest - batch >= 64 ? SliceState.TooOld
                    : set.Contains(batch) ? SliceState.Committed
                    : SliceState.New;
                Assert.True(expected == window.StateOf(e, batch), $"seed {seed}, step {i}: batch {batch} of life {e} in {window}");
                if (expected == SliceState.New)
                {
                    if (e > epoch)
                    {
                        (epoch, highest) = (e, 0);
                        set.Clear();
                    }

                    window = window.With(e, batch);
                    highest = Math.Max(highest, batch);
                    set.Add(batch);
                }
            }
        }
    }

    [Fact]
    public void Largest_numbers_are_told_apart_too()
    {
        var window = default(SliceWindow).With(ulong.MaxValue, ulong.MaxValue).With(ulong.MaxValue, ulong.MaxValue - 63);
        Assert.Equal(SliceState.Committed, window.StateOf(ulong.MaxValue, ulong.MaxValue - 63));
        Assert.Equal(SliceState.New, window.StateOf(ulong.MaxValue, ulong.MaxValue - 62));
        Assert.Equal(SliceState.TooOld, window.StateOf(ulong.MaxValue, ulong.MaxValue - 64));
    }
}

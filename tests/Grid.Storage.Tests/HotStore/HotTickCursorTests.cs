using Grid.Domain.Instruments;
using Grid.Storage.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotTickCursorTests : IDisposable
{
    private readonly HotStoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_tick_is_read_once_by_its_number_whatever_the_pace(int seed)
    {
        using var store = _folder.Open(extents: 64);
        var random = new Random(seed);
        var source = new TickSource(seed, 1);
        var chain = default(HotTickChain);
        var appended = new List<HotTick>();
        var cursor = store.Follow();
        ulong after = 0;
        for (var round = 0; round < 400; round++)
        {
            for (var i = random.Next(60); i > 0; i--)
            {
                appended.Add(source.Next());
                HotStoreFolder.Append(store, ref chain, appended[^1]);
            }

            var ticks = new HistoryTick[random.Next(1, 100)];
            var count = cursor.Read(in chain, after, (ulong)appended.Count, ticks, out var lost);
            Assert.Equal((0UL, Math.Min(ticks.Length, appended.Count - (int)after)), (lost, count));
            AssertAre(appended, after, ticks.AsSpan(0, count));
            after += (ulong)count;
            if (random.Next(20) == 0)
            {
                // Any number is as good as where it ended.
                after = (ulong)random.Next(appended.Count + 1);
            }
        }
    }

    [Fact]
    public void Ticks_that_were_dropped_are_counted()
    {
        using var store = _folder.Open(extents: 2);
        var source = new TickSource(seed: 5, instrument: 1);
        var chain = default(HotTickChain);
        var appended = new List<HotTick>();
        while (store.Position.Offset < 5 * HotStoreFolder.ExtentBytes)
        {
            appended.Add(source.Next());
            HotStoreFolder.Append(store, ref chain, appended[^1]);
        }

        var ticks = new HistoryTick[appended.Count];
        var count = store.Follow().Read(in chain, 10, (ulong)appended.Count, ticks, out var lost);
        Assert.True(lost > 0);
        Assert.Equal(appended.Count, 10 + (int)lost + count);
        AssertAre(appended, 10 + lost, ticks.AsSpan(0, count));
    }

    [Fact]
    public void Chain_whose_blocks_are_all_dropped_has_lost_all()
    {
        using var store = _folder.Open(extents: 2);
        var source = new TickSource(seed: 6, instrument: 1);
        var quiet = default(HotTickChain);
        HotStoreFolder.Append(store, ref quiet, source.Next());
        var busy = default(HotTickChain);
        while (store.Position.Offset < 5 * HotStoreFolder.ExtentBytes)
        {
            HotStoreFolder.Append(store, ref busy, source.Next());
        }

        var ticks = new HistoryTick[1];
        Assert.Equal((0, 1UL), (store.Follow().Read(in quiet, 0, 1, ticks, out var lost), lost));
        Assert.Equal((0, 0UL), (store.Follow().Read(in quiet, 1, 1, ticks, out lost), lost));
    }

    [Fact]
    public void Records_appended_since_an_older_copy_are_told()
    {
        using var store = _folder.Open(extents: 64);
        var chain = default(HotChain);
        var random = new Random(7);
        var next = 0L;
        for (var round = 0; round < 200; round++)
        {
            var older = chain;
            var expected = new List<long>();
            for (var i = random.Next(80); i > 0; i--)
            {
                expected.Add(next);
                store.AppendRecord(ref chain, next, new Domain.Identifiers.UnixNanos(next++));
            }

            var records = new List<long>();
            Assert.True(store.ReadRecordsSince(in chain, in older, records));
            Assert.Equal(expected, records);
        }
    }

    private static void AssertAre(List<HotTick> appended, ulong after, ReadOnlySpan<HistoryTick> ticks)
    {
        for (var i = 0; i < ticks.Length; i++)
        {
            var expected = appended[(int)after + i];
            Assert.Equal((expected.Event, expected.Outcome), (ticks[i].Event, ticks[i].Outcome));
        }
    }
}

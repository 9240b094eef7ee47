using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>Random histories of a store beside a plain list of everything that was ever appended.</summary>
public sealed class HotStoreModelTests : IDisposable
{
    private const int Extents = 4;

    private readonly HotStoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void What_is_read_is_what_was_appended_less_what_was_dropped(int seed)
    {
        using var history = new History(_folder, seed);
        for (var step = 0; step < 60; step++)
        {
            history.Append(steps: 1 + (history.Random.Next(4) * 400));
            history.Check();
        }

        Assert.True(history.Store.Position.Offset > 2 * Extents * HotStoreFolder.ExtentBytes, "the store never became full");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public void A_store_opened_at_a_checkpoint_is_as_it_was_then_whatever_was_written_later(int seed)
    {
        using var history = new History(_folder, seed);
        for (var crash = 0; crash < 8; crash++)
        {
            history.Append(steps: history.Random.Next(1500));
            history.Save();
            history.Append(steps: history.Random.Next(400));
            history.Crash();
            history.Check();
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void Appending_the_same_again_after_a_crash_gives_the_same_store(int seed)
    {
        using var straightFolder = new HotStoreFolder();
        using var straight = new History(straightFolder, seed);
        using var crashed = new History(_folder, seed);
        straight.Append(steps: 3000);
        crashed.Append(steps: 3000);
        crashed.Save();
        crashed.Append(steps: 2500);
        crashed.Crash();
        straight.Append(steps: 3000);
        crashed.Append(steps: 3000);

        Assert.Equal(straight.Store.Position, crashed.Store.Position);
        for (var i = 0; i < History.Chains; i++)
        {
            Assert.Equal(HotStoreFolder.All(straight.Store, in straight.Ticks[i]), HotStoreFolder.All(crashed.Store, in crashed.Ticks[i]));
        }
    }

    /// <summary>A record whose size fits no block without a rest.</summary>
    private readonly record struct Closed(long Start, Int128 Volume, long Count, int Version);

    private readonly record struct Kept<T>(T Row, long Block);

    /// <summary>A store with chains, the lists that model them, and a saved state of both.</summary>
    private sealed class History : IDisposable
    {
        public const int Chains = 12;

        private readonly HotStoreFolder _folder;
        private readonly int _seed;
        private readonly TickSource[] _sources;
        private readonly List<Kept<HotTick>>[] _ticks = [.. Enumerable.Range(0, Chains).Select(_ => new List<Kept<HotTick>>())];
        private readonly List<Kept<Closed>>[] _records = [.. Enumerable.Range(0, Chains).Select(_ => new List<Kept<Closed>>())];
        private HotChain[] _closed = new HotChain[Chains];
        private Action? _restore;

        // Every step draws from a generator of its own, so that after a crash the same steps can be taken again.
        private int _steps;

        public History(HotStoreFolder folder, int seed)
        {
            _folder = folder;
            _seed = seed;
            Random = new Random(seed);
            _sources = [.. Enumerable.Range(0, Chains).Select(i => new TickSource((seed * 100) + i, (uint)i + 1))];
            Store = folder.Open(extents: Extents, recoveryExtents: 8);
        }

        public Random Random { get; }

        public Store Store { get; private set; }

        public HotTickChain[] Ticks { get; private set; } = new HotTickChain[Chains];

        public void Append(int steps)
        {
            for (var i = 0; i < steps; i++)
            {
                // The first chains get most of the ticks, the last few ever anything.
                var random = new Random(unchecked((_seed * 1_000_003) + _steps++));
                var chain = Math.Min(random.Next(Chains), random.Next(Chains));
                if (random.Next(5) > 0)
                {
                    AppendTick(chain);
                }
                else
                {
                    AppendRecord(chain, random);
                }
            }
        }

        public void Save()
        {
            var position = Store.Checkpoint();
            Store.Retain(position);
            var chains = ((HotTickChain[])Ticks.Clone(), (HotChain[])_closed.Clone());
            var counts = (_ticks.Select(t => t.Count).ToArray(), _records.Select(r => r.Count).ToArray());
            var steps = _steps;
            _restore = () =>
            {
                (Ticks, _closed) = chains;
                for (var i = 0; i < Chains; i++)
                {
                    _ticks[i].RemoveRange(counts.Item1[i], _ticks[i].Count - counts.Item1[i]);
                    _records[i].RemoveRange(counts.Item2[i], _records[i].Count - counts.Item2[i]);
                    _sources[i] = new TickSource((_seed * 100) + i, (uint)i + 1);
                    _ticks[i].ForEach(_ => _sources[i].Next());
                }

                _steps = steps;
                GarbageAfter(position);
                Store = _folder.Open(position, Extents, recoveryExtents: 8);
                Assert.Equal(position, Store.Position);
                Assert.Equal(0, Store.MissingExtents);
            };
        }

        public void Crash()
        {
            Store.Dispose();
            _restore!();
        }

        public void Check()
        {
            for (var i = 0; i < Chains; i++)
            {
                var from = new UnixNanos(Random.Next(2) == 0 ? long.MinValue : 1_700_000_000_000_000_000 + Random.NextInt64(1_000_000_000_000));
                var to = new UnixNanos(Random.Next(2) == 0 ? long.MaxValue : from.Value + Random.NextInt64(1, 1_000_000_000_000));
                CheckTicks(i, from, to);
                CheckRecords(i, from, to);
                CheckFinding(i);
            }
        }

        public void Dispose() => Store.Dispose();

        private bool IsLive(long block) => block / HotStoreFolder.ExtentBytes > ((Store.Position.Offset - 1) / HotStoreFolder.ExtentBytes) - Extents;

        private void AppendTick(int chain)
        {
            var tick = _sources[chain].Next();
            HotStoreFolder.Append(Store, ref Ticks[chain], tick);
            _ticks[chain].Add(new(tick, Ticks[chain].Chain.Block));
        }

        private void AppendRecord(int chain, Random random)
        {
            var record = new Closed(1_700_000_000_000_000_000 + (random.NextInt64(100) * 60_000_000_000), random.NextInt64(), chain, _steps);
            Store.AppendRecord(ref _closed[chain], in record, new UnixNanos(record.Start));
            _records[chain].Add(new(record, _closed[chain].Block));
        }

        private void CheckTicks(int i, UnixNanos from, UnixNanos to)
        {
            var inRange = _ticks[i].Where(t => t.Row.Event.EventTime >= from && t.Row.Event.EventTime < to).ToList();
            var live = inRange.Where(t => IsLive(t.Block)).Select(t => t.Row).ToList();
            var read = new List<HotTick>();
            var isComplete = Store.ReadTicks(in Ticks[i], from, to, read);
            Assert.Equal(live, read);
            Assert.True(!isComplete || live.Count == inRange.Count, $"seed {_seed}: dropped ticks were not told of");
            Assert.True(isComplete || !IsLive(_ticks[i][0].Block), $"seed {_seed}: ticks were told to be dropped and were not");

            var count = Random.Next(1, 300);
            var last = new List<HotTick>();
            Store.ReadLastTicks(in Ticks[i], to, count, last);
            var before = _ticks[i].Where(t => IsLive(t.Block) && t.Row.Event.EventTime < to).Select(t => t.Row)
                .OrderBy(t => t.Event.EventTime).ToList();
            var lowest = before.Count <= count ? new UnixNanos(long.MinValue) : before[^count].Event.EventTime;
            Assert.Equal(before.Where(t => t.Event.EventTime >= lowest), last);
        }

        private void CheckRecords(int i, UnixNanos from, UnixNanos to)
        {
            var live = _records[i].Where(r => IsLive(r.Block)).Select(r => r.Row).ToList();
            var read = new List<Closed>();
            Store.ReadRecords(in _closed[i], from, to, read);
            Assert.Equal(live.Where(r => r.Start >= from.Value && r.Start < to.Value), read);

            var last = new List<Closed>();
            Store.ReadLastRecords(in _closed[i], to, 3, last);
            var before = live.Where(r => r.Start < to.Value).OrderBy(r => r.Start).ToList();
            var lowest = before.Count <= 3 ? long.MinValue : before[^3].Start;
            Assert.Equal(before.Where(r => r.Start >= lowest), last);
        }

        private void CheckFinding(int i)
        {
            if (_ticks[i].Count == 0)
            {
                return;
            }

            var e = _ticks[i][Random.Next(_ticks[i].Count)].Row.Event;
            var domain = SequenceDomain.Of(in e);
            var sequences = new HashSet<ulong> { e.Sequence, e.Sequence + (ulong)Random.Next(5) };
            var live = _ticks[i].Where(t => IsLive(t.Block)).Select(t => t.Row.Event).ToList();
            var trades = live.Where(t => t.Kind == EventKind.Trade && sequences.Contains(t.Sequence) && SequenceDomain.Of(in t) == domain).ToList();
            var found = new List<MarketEvent>();
            Store.FindTrades(in Ticks[i], in domain, sequences, isUnique: false, found);
            Assert.True(trades.Count == found.Count && trades.ToHashSet().SetEquals(found), $"seed {_seed}");
            Store.FindTrades(in Ticks[i], domain with { Source = new SourceId(9) }, sequences, isUnique: false, found);
            Assert.Equal(trades.Count, found.Count);
            found.Clear();
            Store.FindTrades(in Ticks[i], in domain, sequences, isUnique: true, found);
            Assert.True(trades.Count > 0 ? trades.Contains(Assert.Single(found)) : found.Count == 0, $"seed {_seed}");

            var ranges = new List<SequenceRange>();
            Store.ReadSequences(in Ticks[i], ranges);
            Assert.All(live, t => Assert.Contains(ranges, r => r.First <= t.Sequence && t.Sequence <= r.Last));
        }

        // A crash leaves anything in what was written since the checkpoint: behind the position, behind the rows of a
        // chain's newest block, and in those fields of that block's header that its chain stands for.
        private void GarbageAfter(HotStorePosition position)
        {
            foreach (var index in _folder.Files())
            {
                var bytes = File.ReadAllBytes(_folder.FileOf(index));
                var begin = index * HotStoreFolder.ExtentBytes;
                var written = Math.Clamp(position.Offset - begin, HotExtentHeader.Bytes, HotStoreFolder.ExtentBytes);
                Random.NextBytes(bytes.AsSpan((int)written));
                var chains = Ticks.Select(t => t.Chain).Concat(_closed);
                foreach (var chain in chains.Where(c => !c.IsEmpty && c.Block / HotStoreFolder.ExtentBytes == index))
                {
                    var block = bytes.AsSpan((int)(chain.Block - begin), 1 << chain.CapacityLog2);
                    Random.NextBytes(block[16..36]);
                    Random.NextBytes(block[chain.Used..]);
                    if (block[39] == (byte)HotBlockKind.Ticks)
                    {
                        Random.NextBytes(block[40..56]);
                    }
                }

                File.WriteAllBytes(_folder.FileOf(index), bytes);
            }
        }
    }
}

using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;

namespace Grid.Runtime.Shards;

/// <summary>Keeps a shard's ticks and closed minutes in its hot store.</summary>
internal sealed class HotHistoryStore(HotStore store, long extentBytes) : HistoryStore
{
    // The position of the snapshot before the one being taken: that one is kept too.
    private HotStorePosition before = store.Position;
    private HotCheckpoint? checkpoint;

    public override long Bytes => store.LiveExtents * extentBytes;

    public override InstrumentHistory Create() => new History(store);

    public override void BeginCheckpoint(StateWriter writer)
    {
        checkpoint = store.BeginCheckpoint();
        writer.Put(checkpoint.Position);
    }

    public override void FlushCheckpoint()
    {
        checkpoint!.Flush();
        store.Retain(before);
        before = checkpoint.Position;
        checkpoint.Dispose();
        checkpoint = null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            checkpoint?.Dispose();
            store.Dispose();
        }
    }

    // A record of a quote mark carries the minute in itself; the store selects by the time given beside it.
    private sealed class History(HotStore store) : InstrumentHistory
    {
        private HotTickChain ticks;
        private HotChain bars;
        private HotChain marks;

        public override void PrefetchSelf() => Fetch.Ahead(in ticks, 3);

        public override void PrefetchTail() => store.Prefetch(in ticks);

        public override void AppendTick(in MarketEvent e, Outcome outcome) => store.AppendTick(ref ticks, in e, outcome);

        public override void AppendBar(in BarAccumulator bar) => store.AppendRecord(ref bars, in bar, bar.Start);

        public override void AppendMark(in QuoteMark mark) => store.AppendRecord(ref marks, in mark, mark.Start);

        public override void ReadTicks(UnixNanos from, UnixNanos to, List<HistoryTick> target)
        {
            using var reader = store.ReadTicks(in ticks, from, to);
            while (reader.Read())
            {
                target.Add(new HistoryTick(reader.Event, reader.Outcome));
            }
        }

        public override void ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> target) => store.ReadRecords(in bars, from, to, target);

        public override void ReadMarks(UnixNanos to, List<QuoteMark> target) => store.ReadRecords(in marks, new UnixNanos(long.MinValue), to, target);

        public override bool TryFindTrade(in SequenceDomain domain, ulong sequence, out MarketEvent trade)
        {
            var isFound = store.TryFindTick(in ticks, domain.Source, domain.Channel, domain.Session, sequence, out var tick, out _)
                && tick.Event.Kind == EventKind.Trade;
            trade = isFound ? tick.Event : default;
            return isFound;
        }

        public override void Save(StateWriter writer)
        {
            writer.Put(in ticks);
            writer.Put(in bars);
            writer.Put(in marks);
        }

        public override void Load(ref StateReader reader)
        {
            ticks = reader.Take<HotTickChain>();
            bars = reader.Take<HotChain>();
            marks = reader.Take<HotChain>();
        }

        public override InstrumentHistory Freeze() => new History(store) { ticks = ticks, bars = bars, marks = marks };
    }
}

/// <summary>Opens hot stores in the data folder, one for each shard.</summary>
internal sealed class HotHistoryStores(string folder, long bytesMax, bool readOnly) : IHistoryStores
{
    private const long ExtentBytesMost = 64L << 20;

    public HistoryStore Open(int shard, int shards, ReadOnlySpan<byte> checkpoint)
    {
        var options = new HotStoreOptions { BytesMax = Math.Max(bytesMax / shards, 4L << 20) };
        options.ExtentBytes = Math.Min(ExtentBytesMost, options.BytesMax / 4);
        var position = HotStorePosition.Start;
        if (!checkpoint.IsEmpty)
        {
            var reader = new StateReader(checkpoint);
            position = reader.Take<HotStorePosition>();
        }

        return new HotHistoryStore(HotStore.Open(Path.Combine(folder, $"shard-{shard}"), options, position, readOnly), options.ExtentBytes);
    }
}

using System.Numerics;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage;
using Grid.Storage.HotStore;

namespace Grid.Runtime.Shards;

/// <summary>Keeps a shard's ticks and closed minutes in its hot store.</summary>
internal sealed class HotHistoryStore(HotStore store, long extentBytes) : HistoryStore
{
    // Checkpoints that are not on the disk yet, oldest first: one, and those whose snapshots failed before they were flushed.
    // The next snapshot owes them all, because each tells only of what changed since the one before it.
    private readonly Queue<HotCheckpoint> _begun = new();
    private readonly Lock _gate = new();

    // The position of the snapshot before the one being taken: that one is kept too.
    private HotStorePosition _before = store.Position;
    private bool _hasFailed;

    public override long Bytes => store.LiveExtents * extentBytes;

    public override long MissingBytes => store.MissingExtents * extentBytes;

    public override InstrumentHistory Create() => new History(store, extentBytes);

    public override void BeginCheckpoint(StateWriter writer)
    {
        var checkpoint = store.BeginCheckpoint();
        writer.Put(checkpoint.Position);
        lock (_gate)
        {
            _begun.Enqueue(checkpoint);
        }
    }

    public override void FlushCheckpoint()
    {
        lock (_gate)
        {
            if (_hasFailed)
            {
                throw new GridStorageException("the hot store could not be flushed before; until a restart the journal is all there is");
            }

            // After a failed flush nobody knows what is on the disk, so this remains true.
            _hasFailed = true;
            var position = _before;
            while (_begun.TryDequeue(out var checkpoint))
            {
                checkpoint.Flush();
                position = checkpoint.Position;
            }

            _hasFailed = false;
            store.Retain(_before);
            _before = position;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_gate)
            {
                foreach (var checkpoint in _begun)
                {
                    checkpoint.Dispose();
                }
            }

            store.Dispose();
        }
    }

    // A record of a quote mark carries the minute in itself; the store selects by the time given beside it.
    private class History(HotStore store, long extentBytes) : InstrumentHistory
    {
        private HotTickChain _ticks;
        private HotChain _bars;
        private HotChain _marks;

        // Only with a new extent is an old one dropped.
        public override long Dropped => store.Position.Offset / extentBytes;

        public override void PrefetchSelf() => Fetch.Ahead(in _ticks, 3);

        public override void PrefetchTail() => store.Prefetch(in _ticks);

        public override void AppendTick(in MarketEvent e, Outcome outcome) => store.AppendTick(ref _ticks, in e, outcome);

        public override void AppendBar(in BarAccumulator bar) => store.AppendRecord(ref _bars, in bar, bar.Start);

        public override void AppendMark(in QuoteMark mark) => store.AppendRecord(ref _marks, in mark, mark.Start);

        public override bool ReadTicks(TickVisitor visitor)
        {
            using var reader = store.ReadTicks(in _ticks, visitor.From, visitor.To);
            while (reader.Read())
            {
                // The visitor may have raised the beginning of its range.
                if (visitor.Wants(reader.Event.EventTime))
                {
                    visitor.Visit(in reader.Event, reader.Outcome);
                    reader.EndBefore(visitor.To);
                }
            }

            return reader.IsComplete;
        }

        public override bool ReadTicksBackwards(TickVisitor visitor) => store.ReadTicksBackwards(in _ticks, visitor);

        public override bool ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> target) => store.ReadRecords(in _bars, from, to, target);

        public override void ReadMarks(UnixNanos to, List<QuoteMark> target) => store.ReadRecords(in _marks, new UnixNanos(long.MinValue), to, target);

        public override void FindTrades(in SequenceDomain domain, IReadOnlySet<ulong> sequences, bool isUnique, List<MarketEvent> trades) =>
            store.FindTrades(in _ticks, in domain, sequences, isUnique, trades);

        public override void ReadSequences(List<SequenceRange> ranges) => store.ReadSequences(in _ticks, ranges);

        public override void Save(StateWriter writer)
        {
            writer.Put(in _ticks);
            writer.Put(in _bars);
            writer.Put(in _marks);
        }

        public override void Load(ref StateReader reader)
        {
            _ticks = reader.Take<HotTickChain>();
            _bars = reader.Take<HotChain>();
            _marks = reader.Take<HotChain>();
        }

        public override InstrumentHistory Freeze()
        {
            var view = new View(store, extentBytes);
            Refreeze(view);
            return view;
        }

        public override void Refreeze(InstrumentHistory view)
        {
            var target = (View)view;
            target._ticks = _ticks;
            target._bars = _bars;
            target._marks = _marks;
        }

        public override int ReadTicksAfter(ulong after, ulong newest, Span<HistoryTick> target, out ulong lost) => throw IsNoView();

        public override void ReadBarsSince(List<BarAccumulator> bars) => throw IsNoView();

        private static InvalidOperationException IsNoView() => new("a history is followed through a view of it");

        // What Freeze gives: followed by one reader, it knows where that is.
        private sealed class View(HotStore store, long extentBytes) : History(store, extentBytes)
        {
            private readonly HotStore _store = store;
            private HotTickCursor? _cursor;
            private HotChain? _barsSeen;

            public override int ReadTicksAfter(ulong after, ulong newest, Span<HistoryTick> target, out ulong lost) =>
                (_cursor ??= _store.Follow()).Read(in _ticks, after, newest, target, out lost);

            public override void ReadBarsSince(List<BarAccumulator> bars)
            {
                if (_barsSeen is { } seen)
                {
                    _store.ReadRecordsSince(in _bars, in seen, bars);
                }

                _barsSeen = _bars;
            }
        }
    }
}

/// <summary>Opens hot stores in the data folder, one for each shard.</summary>
/// <param name="folder">The folder of all of them.</param>
/// <param name="bytesMax">Bytes of all of them.</param>
/// <param name="recoveryBytesMax">Bytes of files that are kept beyond these because a snapshot relies on them.</param>
/// <param name="readOnly">True to leave the folder as it is.</param>
internal sealed class HotHistoryStores(string folder, long bytesMax, long recoveryBytesMax, bool readOnly) : IHistoryStores
{
    private const long ExtentBytesMost = 64L << 20;

    // Of all stores.
    private const long MemoryBytes = 512L << 20;

    public HistoryStore Open(int shard, int shards, ReadOnlySpan<byte> checkpoint)
    {
        var options = new HotStoreOptions { BytesMax = Math.Max(bytesMax / shards, 4L << 20) };
        options.RecoveryBytesMax = Math.Min(recoveryBytesMax / shards, HotStoreOptions.BytesMaxHighest);
        options.ExtentBytes = Math.Min(ExtentBytesMost, 1L << BitOperations.Log2((ulong)options.BytesMax / 4));
        options.MemoryBytesMax = Math.Max(MemoryBytes / shards, 2 * options.ExtentBytes);
        var position = HotStorePosition.Start;
        if (!checkpoint.IsEmpty)
        {
            var reader = new StateReader(checkpoint);
            position = reader.Take<HotStorePosition>();
        }

        var path = Path.Combine(folder, $"shard-{shard}");
        if (!Directory.Exists(path))
        {
            // Nothing of what the position refers to is there, and it may be of a store whose extents had another size.
            position = new HotStorePosition((position.Offset + options.ExtentBytes - 1) & -options.ExtentBytes);
        }

        return new HotHistoryStore(HotStore.Open(path, options, position, readOnly), options.ExtentBytes);
    }
}

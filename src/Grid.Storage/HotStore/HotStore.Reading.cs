using System.Runtime.CompilerServices;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Storage.HotStore;

/// <content>Reading, from any thread, each with its own copy of a chain.</content>
public sealed unsafe partial class HotStore
{
    /// <summary>
    /// Ticks with from ≤ event time &lt; to in the order in which they were appended. The reader keeps what it reads from
    /// being dropped: dispose of it.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public HotTickReader ReadTicks(in HotTickChain chain, UnixNanos from, UnixNanos to) => new(_log, in chain, from, to);

    /// <summary>Adds ticks with from ≤ event time &lt; to, in the order in which they were appended; false if some may have been dropped.</summary>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public bool ReadTicks(in HotTickChain chain, UnixNanos from, UnixNanos to, List<HotTick> target)
    {
        using var reader = ReadTicks(in chain, from, to);
        while (reader.Read())
        {
            target.Add(reader.Tick);
        }

        return reader.IsComplete;
    }

    /// <summary>
    /// Adds the <paramref name="count"/> latest ticks before a time, and all that have the same event time as the earliest
    /// of them, by event time (ticks of one time in the order in which they were appended); false if some of them may have
    /// been dropped. Reads only blocks that may have such ticks.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public bool ReadLastTicks(in HotTickChain chain, UnixNanos before, int count, List<HotTick> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var latest = new HotLatest<HotTick>(count);
        using var walk = new HotBlockWalk(_log, HotBlockKind.Ticks, in chain.Chain);
        while (latest.Wants(walk.OlderMaxTime) && walk.MoveNext())
        {
            if (!latest.Wants(walk.Current.MaxTime) || walk.Current.MinTime >= before.Value)
            {
                continue;
            }

            latest.BeginBlock();
            var rows = new HotTickRows(in walk.Current, chain.Previous.Instrument);
            while (rows.MoveNext())
            {
                var time = rows.Event.EventTime.Value;
                if (time < before.Value && latest.Wants(time))
                {
                    latest.Add(time, rows.Tick);
                }
            }
        }

        target.AddRange(latest.InOrder());
        return !walk.IsTruncated;
    }

    /// <summary>
    /// Shows ticks to a visitor, newest block first and in the order of appending within a block; false if some of the range that
    /// it wants in the end may have been dropped. Blocks that lie outside of what it wants when they are come to are not read.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public bool ReadTicksBackwards(in HotTickChain chain, TickVisitor visitor)
    {
        using var walk = new HotBlockWalk(_log, HotBlockKind.Ticks, in chain.Chain);
        while (walk.OlderMaxTime >= visitor.From.Value && walk.MoveNext())
        {
            if (!walk.Current.Overlaps(visitor.From.Value, visitor.To.Value))
            {
                continue;
            }

            var rows = new HotTickRows(in walk.Current, chain.Previous.Instrument);
            while (rows.MoveNext())
            {
                if (visitor.Wants(rows.Event.EventTime))
                {
                    visitor.Visit(in rows.Event, rows.Outcome);
                }
            }
        }

        return !walk.IsTruncated;
    }

    /// <summary>
    /// Adds the trades that have one of some sequences in a domain, newest block first. Blocks whose lowest and highest sequence
    /// exclude them are not read.
    /// </summary>
    /// <param name="chain">The instrument's ticks.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="sequences">The numbers, at least one.</param>
    /// <param name="isUnique">True to look no further than the first.</param>
    /// <param name="trades">What is found is added here.</param>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public void FindTrades(in HotTickChain chain, in SequenceDomain domain, IReadOnlySet<ulong> sequences, bool isUnique, List<MarketEvent> trades)
    {
        var (lowest, highest) = (sequences.Min(), sequences.Max());
        var wanted = trades.Count + (isUnique ? 1 : int.MaxValue - trades.Count);
        using var walk = new HotBlockWalk(_log, HotBlockKind.Ticks, in chain.Chain);
        for (var isNewest = true; trades.Count < wanted && walk.MoveNext(); isNewest = false)
        {
            var range = SequencesOf(in chain, in walk.Current, isNewest);
            if (highest < range.First || lowest > range.Last)
            {
                continue;
            }

            var rows = new HotTickRows(in walk.Current, chain.Previous.Instrument);
            while (trades.Count < wanted && rows.MoveNext())
            {
                ref readonly var e = ref rows.Event;
                if (e.Kind == EventKind.Trade && sequences.Contains(e.Sequence) && SequenceDomain.Of(in e) == domain)
                {
                    trades.Add(e);
                }
            }
        }
    }

    /// <summary>Adds the lowest and highest sequence of each block of ticks that is kept.</summary>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public void ReadSequences(in HotTickChain chain, List<SequenceRange> ranges)
    {
        using var walk = new HotBlockWalk(_log, HotBlockKind.Ticks, in chain.Chain);
        for (var isNewest = true; walk.MoveNext(); isNewest = false)
        {
            ranges.Add(SequencesOf(in chain, in walk.Current, isNewest));
        }
    }

    /// <summary>
    /// Adds records with from ≤ time &lt; to, in the order in which they were appended; false if some may have been dropped.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged, or holds records of another size.</exception>
    public bool ReadRecords<T>(in HotChain chain, UnixNanos from, UnixNanos to, List<T> target)
        where T : unmanaged
    {
        var blocks = new Stack<HotBlockView>();
        using var walk = new HotBlockWalk(_log, HotBlockKind.Records, in chain);
        while (walk.OlderMaxTime >= from.Value && walk.MoveNext())
        {
            if (walk.Current.Overlaps(from.Value, to.Value))
            {
                blocks.Push(walk.Current);
            }
        }

        while (blocks.TryPop(out var block))
        {
            for (var at = FirstRecord<T>(in block); at < block.End; at += HotBlock.RecordTimeBytes + sizeof(T))
            {
                var time = Unsafe.ReadUnaligned<long>(at);
                if (time >= from.Value && time < to.Value)
                {
                    target.Add(Unsafe.ReadUnaligned<T>(at + HotBlock.RecordTimeBytes));
                }
            }
        }

        return !walk.IsTruncated;
    }

    /// <summary>
    /// Adds the <paramref name="count"/> latest records before a time, and all that have the same time as the earliest of
    /// them, by time (records of one time in the order in which they were appended); false if some of them may have been
    /// dropped.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged, or holds records of another size.</exception>
    public bool ReadLastRecords<T>(in HotChain chain, UnixNanos before, int count, List<T> target)
        where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var latest = new HotLatest<T>(count);
        using var walk = new HotBlockWalk(_log, HotBlockKind.Records, in chain);
        while (latest.Wants(walk.OlderMaxTime) && walk.MoveNext())
        {
            if (!latest.Wants(walk.Current.MaxTime) || walk.Current.MinTime >= before.Value)
            {
                continue;
            }

            latest.BeginBlock();
            for (var at = FirstRecord<T>(in walk.Current); at < walk.Current.End; at += HotBlock.RecordTimeBytes + sizeof(T))
            {
                var time = Unsafe.ReadUnaligned<long>(at);
                if (time < before.Value && latest.Wants(time))
                {
                    latest.Add(time, Unsafe.ReadUnaligned<T>(at + HotBlock.RecordTimeBytes));
                }
            }
        }

        target.AddRange(latest.InOrder());
        return !walk.IsTruncated;
    }

    /// <summary>A cursor that follows one chain of this store as it grows.</summary>
    public HotTickCursor Follow() => new(_log);

    /// <summary>
    /// Adds the records that were appended to a chain after an older copy of it, in the order in which they were appended;
    /// false if some may have been dropped.
    /// </summary>
    /// <exception cref="GridStorageException">A block is damaged, or holds records of another size.</exception>
    public bool ReadRecordsSince<T>(in HotChain chain, in HotChain older, List<T> target)
        where T : unmanaged
    {
        if (chain.Block == older.Block && chain.Used == older.Used)
        {
            return true;
        }

        var blocks = new Stack<(HotBlockView Block, int BytesBefore)>();
        using var walk = new HotBlockWalk(_log, HotBlockKind.Records, in chain);
        var isThere = false;
        while (!isThere && walk.MoveNext())
        {
            isThere = walk.CurrentOffset == older.Block;
            blocks.Push((walk.Current, isThere ? older.Used - HotBlock.RecordRowsAt : 0));
        }

        while (blocks.TryPop(out var next))
        {
            for (var at = FirstRecord<T>(in next.Block) + next.BytesBefore; at < next.Block.End; at += HotBlock.RecordTimeBytes + sizeof(T))
            {
                target.Add(Unsafe.ReadUnaligned<T>(at + HotBlock.RecordTimeBytes));
            }
        }

        return !walk.IsTruncated;
    }

    // The header of the newest block says nothing yet.
    private static SequenceRange SequencesOf(in HotTickChain chain, in HotBlockView block, bool isNewest) =>
        isNewest ? new SequenceRange(chain.MinSequence, chain.MaxSequence) : new SequenceRange(block.MinSequence, block.MaxSequence);

    private static byte* FirstRecord<T>(in HotBlockView block)
        where T : unmanaged
    {
        if (block.RecordBytes != sizeof(T) || block.End - block.Rows != block.Count * (HotBlock.RecordTimeBytes + sizeof(T)))
        {
            throw block.Damaged(block.Rows, $"{block.Count} records of {sizeof(T)} bytes cannot be in a block of records of "
                + $"{block.RecordBytes} that has {block.End - block.Rows}");
        }

        return block.Rows;
    }
}

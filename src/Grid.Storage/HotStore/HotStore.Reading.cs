using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;

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
    /// Finds the tick that was appended last with a sequence of a domain. Blocks whose lowest and highest sequence exclude
    /// it are not read.
    /// </summary>
    /// <param name="chain">The instrument's ticks.</param>
    /// <param name="source">Source of the domain.</param>
    /// <param name="channel">Channel of the domain.</param>
    /// <param name="session">Session of the domain.</param>
    /// <param name="sequence">The tick's number there.</param>
    /// <param name="tick">The tick; default if it is not found.</param>
    /// <param name="isComplete">False if it is not found and may have been dropped.</param>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public bool TryFindTick(
        in HotTickChain chain, SourceId source, ChannelId channel, uint session, ulong sequence, out HotTick tick, out bool isComplete)
    {
        tick = default;
        var isFound = false;
        using var walk = new HotBlockWalk(_log, HotBlockKind.Ticks, in chain.Chain);
        while (!isFound && walk.MoveNext())
        {
            if (sequence < walk.Current.MinSequence || sequence > walk.Current.MaxSequence)
            {
                continue;
            }

            var rows = new HotTickRows(in walk.Current, chain.Previous.Instrument);
            while (rows.MoveNext())
            {
                ref readonly var e = ref rows.Event;
                if (e.Sequence == sequence && e.Source == source && e.Channel == channel && e.Session == session)
                {
                    tick = rows.Tick;
                    isFound = true;
                }
            }
        }

        isComplete = isFound || !walk.IsTruncated;
        return isFound;
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

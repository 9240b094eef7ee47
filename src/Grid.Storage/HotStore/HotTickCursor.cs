using System.Diagnostics.CodeAnalysis;
using Grid.Domain.Events;
using Grid.Domain.Instruments;

namespace Grid.Storage.HotStore;

/// <summary>
/// Follows one chain of ticks as it grows, by number: the first tick ever appended to the chain has 1. It goes on in the
/// middle of a block where it ended, so each tick is decoded once. For one reader at a time; allocates nothing after its
/// first reads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The walk holds nothing between readings.")]
public sealed class HotTickCursor
{
    private readonly HotBlockWalk _walk;

    // Blocks that hold ticks still to be read, oldest on top, with where they lie.
    private readonly Stack<(HotBlockView Block, long Offset)> _blocks = new();

    // Where the last reading ended: behind tick _number, which is _event, in the block at _offset. 0 is no offset.
    private long _offset;
    private int _rowsRead;
    private int _bytesRead;
    private ulong _number;
    private MarketEvent _event;

    internal HotTickCursor(HotLog log) => _walk = new HotBlockWalk(log, HotBlockKind.Ticks, default);

    /// <summary>Reads ticks after one, as many as fit.</summary>
    /// <param name="chain">A copy of the chain.</param>
    /// <param name="after">The number of the last tick that is not wanted.</param>
    /// <param name="newest">The number of the chain's last tick.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="lost">Ticks after <paramref name="after"/> that have been dropped from the store.</param>
    /// <returns>Ticks read.</returns>
    /// <exception cref="GridStorageException">A block is damaged.</exception>
    public int Read(in HotTickChain chain, ulong after, ulong newest, Span<HistoryTick> target, out ulong lost)
    {
        lost = 0;
        if (after >= newest || target.IsEmpty)
        {
            return 0;
        }

        try
        {
            _walk.Restart(in chain.Chain);
            var first = newest + 1;
            while (first > after + 1 && _walk.MoveNext())
            {
                _blocks.Push((_walk.Current, _walk.CurrentOffset));
                first -= (ulong)_walk.Current.Count;
            }

            lost = first > after + 1 ? first - after - 1 : 0;
            return Read(after + lost, first, chain.Previous.Instrument, target);
        }
        finally
        {
            _blocks.Clear();
            _walk.Dispose();
        }
    }

    // The block on top begins with tick `first`, which is not behind after + 1.
    private int Read(ulong after, ulong first, Domain.Identifiers.InstrumentId instrument, Span<HistoryTick> target)
    {
        var count = 0;
        while (count < target.Length && _blocks.TryPop(out var next))
        {
            var (block, offset) = next;
            var goesOn = offset == _offset && _number >= first && _number <= after;
            var rows = goesOn ? new HotTickRows(in block, _rowsRead, _bytesRead, in _event) : new HotTickRows(in block, instrument);
            var number = first + (ulong)rows.RowsRead - 1;
            while (count < target.Length && rows.MoveNext())
            {
                if (++number > after)
                {
                    target[count++] = new HistoryTick(rows.Event, rows.Outcome);
                }
            }

            (_offset, _rowsRead, _bytesRead, _number, _event) = (offset, rows.RowsRead, rows.BytesRead, number, rows.Event);
            first += (ulong)block.Count;
        }

        return count;
    }
}

using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Storage.HotStore;

/// <summary>
/// Ticks of one chain whose event time lies in a range, in the order in which they were appended (late ones are where they
/// came, not where they belong). Allocates per block of the range, not per tick.
/// </summary>
public sealed class HotTickReader : IDisposable
{
    private readonly HotBlockWalk _walk;
    private readonly long _from;
    private long _to;
    private readonly InstrumentId _instrument;

    // Blocks that overlap the range and are still to be read, oldest last.
    private readonly Stack<HotBlockView> _blocks = new();
    private HotTickRows _rows;
    private bool _isInside;

    internal HotTickReader(HotLog log, in HotTickChain chain, UnixNanos from, UnixNanos to)
    {
        _walk = new HotBlockWalk(log, HotBlockKind.Ticks, in chain.Chain);
        _from = from.Value;
        _to = to.Value;
        _instrument = chain.Previous.Instrument;
        try
        {
            while (_walk.OlderMaxTime >= _from && _walk.MoveNext())
            {
                if (_walk.Current.Overlaps(_from, _to))
                {
                    _blocks.Push(_walk.Current);
                }
            }
        }
        catch
        {
            _walk.Dispose();
            throw;
        }
    }

    /// <summary>False if ticks that may lie in the range have been dropped from the store.</summary>
    public bool IsComplete => !_walk.IsTruncated;

    /// <summary>The tick that <see cref="Read"/> came to.</summary>
    public ref readonly MarketEvent Event => ref _rows.Event;

    /// <summary>What was decided of the tick.</summary>
    public Outcome Outcome => _rows.Outcome;

    /// <summary>The wider part of a run; null of other events.</summary>
    /// <exception cref="GridStorageException">The block is damaged.</exception>
    public RunDetail? Run => _rows.Run;

    /// <summary>The tick as a value.</summary>
    /// <exception cref="GridStorageException">The block is damaged.</exception>
    public HotTick Tick => _rows.Tick;

    /// <summary>Goes to the next tick; false if there is none.</summary>
    /// <exception cref="GridStorageException">The block is damaged.</exception>
    public bool Read()
    {
        while (true)
        {
            while (_isInside && _rows.MoveNext())
            {
                var time = _rows.Event.EventTime.Value;
                if (time >= _from && time < _to)
                {
                    return true;
                }
            }

            if (!_blocks.TryPop(out var block))
            {
                return false;
            }

            _isInside = block.Overlaps(_from, _to);
            _rows = _isInside ? new HotTickRows(in block, _instrument) : default;
        }
    }

    /// <summary>Leaves out what comes at or after a time from now on.</summary>
    public void EndBefore(UnixNanos to) => _to = Math.Min(_to, to.Value);

    /// <summary>Lets go of the store's files. What was read before stays valid.</summary>
    public void Dispose() => _walk.Dispose();
}

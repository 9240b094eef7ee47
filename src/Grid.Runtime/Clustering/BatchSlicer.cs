using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Clustering;

/// <summary>What a batch has for one instrument.</summary>
/// <param name="Instrument">The instrument.</param>
/// <param name="Events">Its events as <see cref="NamedEvents"/>, in the order of the batch.</param>
/// <param name="Count">How many.</param>
public readonly record struct InstrumentSlice(InstrumentId Instrument, byte[] Events, int Count);

/// <summary>Divides a batch by instruments. Used again and again, by one caller at a time.</summary>
public sealed class BatchSlicer(GridNames names)
{
    private readonly LocalNumbers _instruments = new();
    private readonly NamedEventsEncoder _encoder = new(names);

    // Of the batch at hand: where the events of each instrument end in _order, which has the events by instrument.
    private int[] _ends = [];
    private int[] _order = [];

    /// <summary>The slices of a batch, in the order in which their instruments first occur.</summary>
    public List<InstrumentSlice> Slice(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        Sort(batch.Events);
        var slices = new List<InstrumentSlice>(_instruments.Met.Count);
        var from = 0;
        for (var i = 0; i < _instruments.Met.Count; i++)
        {
            _encoder.Begin();
            foreach (var place in _order.AsSpan(from, _ends[i] - from))
            {
                _encoder.Add(in batch.Events[place], batch);
            }

            slices.Add(new InstrumentSlice(new InstrumentId((uint)_instruments.Met[i]), _encoder.Finish(), _ends[i] - from));
            from = _ends[i];
        }

        return slices;
    }

    // By counting: the events of one instrument stay in their order.
    private void Sort(ReadOnlySpan<MarketEvent> events)
    {
        _instruments.Begin();
        if (_order.Length < events.Length)
        {
            _order = new int[events.Length];
            _ends = new int[events.Length];
        }

        _ends.AsSpan(0, events.Length).Clear();
        foreach (ref readonly var e in events)
        {
            _ends[_instruments.Of((int)e.Instrument.Value) - 1]++;
        }

        var end = 0;
        for (var i = 0; i < _instruments.Met.Count; i++)
        {
            (_ends[i], end) = (end, end + _ends[i]);
        }

        for (var i = 0; i < events.Length; i++)
        {
            _order[_ends[_instruments.Of((int)events[i].Instrument.Value) - 1]++] = i;
        }
    }
}

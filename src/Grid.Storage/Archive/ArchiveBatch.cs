using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Archive;

/// <summary>Rows that are published together, by kind and by the UTC date of their event time.</summary>
/// <param name="names">The names that the events' numbers stand for.</param>
public sealed class ArchiveBatch(GridNames names)
{
    private static readonly DateOnly Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch);

    private readonly Dictionary<(ArchiveKind Kind, int Day), List<ArchiveRow>> _rows = [];
    private (ArchiveKind Kind, int Day) _key;
    private List<ArchiveRow>? _list;

    /// <summary>The names that the events' numbers stand for.</summary>
    public GridNames Names => names;

    /// <summary>Inputs of the journal that the rows come from.</summary>
    public long Inputs { get; private set; }

    /// <summary>Events of those inputs, those without a row included.</summary>
    public long Events { get; private set; }

    /// <summary>Rows so far.</summary>
    public long Rows { get; private set; }

    /// <summary>The last input.</summary>
    public ulong ThroughLsn { get; private set; }

    /// <summary>Adds an event of the input at hand.</summary>
    public void Add(ArchiveKind kind, in ArchiveRow row)
    {
        var key = (kind, (int)Math.DivRem(row.Event.EventTime.Value, UnixNanos.PerDay, out var rest) - (rest < 0 ? 1 : 0));
        if (_list is null || key != _key)
        {
            _key = key;
            if (!_rows.TryGetValue(key, out _list))
            {
                _rows.Add(key, _list = []);
            }
        }

        _list.Add(row);
        Rows++;
    }

    /// <summary>Ends an input.</summary>
    /// <param name="lsn">Its journal frame.</param>
    /// <param name="events">Its events.</param>
    public void EndInput(ulong lsn, int events)
    {
        ThroughLsn = lsn;
        Inputs++;
        Events += events;
    }

    /// <summary>The kinds and dates that there are rows of, in order.</summary>
    internal IEnumerable<(ArchiveKind Kind, DateOnly Date)> Parts() => _rows.Keys.Order().Select(k => (k.Kind, Epoch.AddDays(k.Day)));

    /// <summary>The rows of a kind and date, sorted by instrument, and then in the order of events, whatever the order of arrival. A copy: ask for one part after the other.</summary>
    internal ArchiveRow[] Sorted(ArchiveKind kind, DateOnly date) => Sort(_rows[(kind, date.DayNumber - Epoch.DayNumber)]);

    private ArchiveRow[] Sort(List<ArchiveRow> list)
    {
        var rows = list.ToArray();
        var ranks = Ranks(rows);
        var order = new EventOrder(names);
        Array.Sort(rows, (a, b) => ranks[a.Event.Instrument].CompareTo(ranks[b.Event.Instrument]) is not 0 and var byName ? byName : order.Compare(a.Event, b.Event));
        return rows;
    }

    private Dictionary<InstrumentId, int> Ranks(ArchiveRow[] rows)
    {
        var instruments = new HashSet<InstrumentId>();
        foreach (ref readonly var row in rows.AsSpan())
        {
            instruments.Add(row.Event.Instrument);
        }

        return instruments
            .Order(Comparer<InstrumentId>.Create((a, b) => names.Instruments[(int)a.Value].SequenceCompareTo(names.Instruments[(int)b.Value])))
            .Select((id, rank) => (id, rank)).ToDictionary(r => r.id, r => r.rank);
    }
}

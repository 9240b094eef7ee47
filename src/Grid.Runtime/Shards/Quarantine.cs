using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Validation;

namespace Grid.Runtime.Shards;

/// <summary>
/// The newest rejected events with their reason: what can be listed at once. Older ones, and the wider part of runs and
/// definitions, are in the journal as long as that reaches back.
/// </summary>
internal sealed class Quarantine(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<QuarantinedEvent> _events = new();
    private ulong _lastId;

    /// <summary>Events ever quarantined.</summary>
    public ulong Total => Volatile.Read(ref _lastId);

    /// <summary>Events that can be listed.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _events.Count;
            }
        }
    }

    public void Add(in MarketEvent e, Outcome outcome, ulong lsn, string producer)
    {
        lock (_gate)
        {
            _lastId++;
            _events.Enqueue(new QuarantinedEvent(_lastId, e, outcome, producer, lsn));
            if (_events.Count > capacity)
            {
                _events.Dequeue();
            }
        }
    }

    public IReadOnlyList<QuarantinedEvent> After(ulong id, int limit)
    {
        lock (_gate)
        {
            return [.. _events.Where(e => e.Id > id).Take(limit)];
        }
    }

    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            writer.Put(_lastId);
            writer.Put(_events.Count);
            foreach (var e in _events)
            {
                writer.Put(e.Id);
                writer.Put(e.Event);
                writer.Put(e.Outcome);
                writer.Put(e.Lsn);
                writer.Put(e.Producer);
            }
        }
    }

    /// <summary>Reads what <see cref="Save"/> wrote, less what came after a frame: that will be replayed.</summary>
    public void Load(ref StateReader reader, ulong throughLsn)
    {
        _lastId = reader.Take<ulong>();
        ulong highestKept = 0;
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var id = reader.Take<ulong>();
            var e = reader.Take<MarketEvent>();
            var outcome = reader.Take<Outcome>();
            var lsn = reader.Take<ulong>();
            var producer = reader.TakeText();
            if (lsn <= throughLsn)
            {
                highestKept = id;
                _events.Enqueue(new QuarantinedEvent(id, e, outcome, producer, lsn));
            }
            else
            {
                _lastId--;
            }
        }

        // Shards fill the list side by side, so one that is kept may stand behind one that is not; its number stays its own.
        _lastId = Math.Max(_lastId, highestKept);
    }
}

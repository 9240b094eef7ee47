using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Snapshots;

namespace Grid.Runtime.Shards;

/// <summary>
/// The newest rejected events, whole, with their reason: what can be listed at once. Older ones are in the journal as long as that
/// reaches back.
/// </summary>
internal sealed class Quarantine(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Queue<QuarantinedEvent> _events = new();
    private ulong _lastId;

    // While a snapshot is read: its number of all, the highest number kept, and how many will be met again in the journal.
    private ulong _savedTotal;
    private ulong _highestKept;
    private ulong _replayed;

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

    /// <summary>Adds a rejected event of a batch, with its wider part.</summary>
    public void Add(in MarketEvent e, Outcome outcome, PendingBatch batch)
    {
        RunDetail? run = e.Kind == EventKind.Run ? batch.Events.Runs[e.Detail] : null;
        var definition = e.Kind == EventKind.Definition ? batch.Events.Definitions[e.Detail] : null;
        lock (_gate)
        {
            _lastId++;
            Add(new QuarantinedEvent(_lastId, e, outcome, batch.Producer, batch.Lsn) { Run = run, Definition = definition });
        }
    }

    public IReadOnlyList<QuarantinedEvent> After(ulong id, int limit)
    {
        lock (_gate)
        {
            return [.. _events.Where(e => e.Id > id).Take(limit)];
        }
    }

    /// <summary>Writes it: first how many there ever were, then the list in pieces.</summary>
    public void Save(SectionPieces pieces, Action<ulong> writeTotal)
    {
        QuarantinedEvent[] events;
        ulong total;
        lock (_gate)
        {
            events = [.. _events];
            total = _lastId;
        }

        writeTotal(total);
        foreach (var e in events)
        {
            Save(pieces.Item, e);
            pieces.EndItem();
            pieces.WriteIfFull();
        }

        pieces.Finish();
    }

    /// <summary>Reads how many there ever were.</summary>
    public void LoadTotal(ref StateReader reader) => _lastId = _savedTotal = reader.Take<ulong>();

    /// <summary>Reads a piece of the list, less what came after a frame: that will be replayed.</summary>
    public void LoadSome(ref StateReader reader, ulong throughLsn)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var e = LoadEvent(ref reader);
            LoadWider(ref reader, e, out var run, out var definition);
            Take(e with { Run = run, Definition = definition }, throughLsn);
        }
    }

    /// <summary>Events held so far came with frames of a journal that is no more: they are told without them, and none of them is met again.</summary>
    public void ForgetFrames()
    {
        lock (_gate)
        {
            for (var left = _events.Count; left > 0; left--)
            {
                _events.Enqueue(_events.Dequeue() with { Lsn = 0 });
            }

            (_savedTotal, _highestKept, _replayed) = (_lastId, _lastId, 0);
        }
    }

    /// <summary>Reads a list as it was written before there were pieces, without the wider parts.</summary>
    public void Load(ref StateReader reader, ulong throughLsn)
    {
        LoadTotal(ref reader);
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            Take(LoadEvent(ref reader), throughLsn);
        }
    }

    // Shards fill the list side by side, so one that is kept may stand behind one that is not; its number stays its own.
    private void Take(QuarantinedEvent e, ulong throughLsn)
    {
        if (e.Lsn <= throughLsn)
        {
            _highestKept = e.Id;
            Add(e);
        }
        else
        {
            _replayed++;
        }

        _lastId = Math.Max(_savedTotal - _replayed, _highestKept);
    }

    private void Add(QuarantinedEvent e)
    {
        _events.Enqueue(e);
        if (_events.Count > capacity)
        {
            _events.Dequeue();
        }
    }

    private static void Save(StateWriter writer, QuarantinedEvent e)
    {
        writer.Put(e.Id);
        writer.Put(e.Event);
        writer.Put(e.Outcome);
        writer.Put(e.Lsn);
        writer.Put(e.Producer);
        Span<byte> wider = stackalloc byte[GridLimits.EventExtensionBytesMax];
        var length = 0;
        if (e.Run is { } run)
        {
            run.Write(wider);
            length = RunDetail.EncodedBytes;
        }
        else if (e.Definition is { } definition)
        {
            length = definition.Write(wider);
        }

        writer.Put<byte>(wider[..length]);
    }

    private static QuarantinedEvent LoadEvent(ref StateReader reader)
    {
        var id = reader.Take<ulong>();
        var e = reader.Take<MarketEvent>();
        var outcome = reader.Take<Outcome>();
        var lsn = reader.Take<ulong>();
        return new QuarantinedEvent(id, e, outcome, reader.TakeText(), lsn);
    }

    private static void LoadWider(ref StateReader reader, QuarantinedEvent e, out RunDetail? run, out InstrumentDefinition? definition)
    {
        var wider = reader.TakeArray<byte>(GridLimits.EventExtensionBytesMax);
        (run, definition) = (null, null);
        switch (e.Event.Kind)
        {
            case EventKind.Run when RunDetail.TryRead(wider, out var readRun):
                run = readRun;
                break;
            case EventKind.Definition when InstrumentDefinition.TryRead(wider, out var readDefinition):
                definition = readDefinition;
                break;
            case EventKind.Run or EventKind.Definition when wider.Length > 0:
                throw new FormatException($"the wider part of quarantined event {e.Id} cannot be read");
        }
    }
}

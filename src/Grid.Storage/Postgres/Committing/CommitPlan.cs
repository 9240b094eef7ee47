using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Committing;

/// <summary>
/// What of a group goes into one transaction, decided while its grains are locked; and what everybody is answered once it is
/// committed. Until then it changes nothing.
/// </summary>
internal sealed class CommitPlan
{
    private readonly List<CommitItem> _committed = [];
    private readonly List<(CommitItem Item, CommitRefusedException Refusal)> _refused = [];
    private int _rows;

    /// <param name="group">What is to be committed.</param>
    /// <param name="epochs">The newest activation of each of its grains.</param>
    /// <param name="commit">Id of the commit.</param>
    /// <param name="flush">Takes the rows.</param>
    public CommitPlan(CommitGroup group, IReadOnlyDictionary<int, long> epochs, long commit, PostgresFlush flush)
    {
        Commit = commit;
        Flush = flush;
        flush.Begin(0);
        foreach (var work in group.Works)
        {
            var newest = epochs.GetValueOrDefault(work.Grain.Id);
            if (newest == work.Grain.Epoch)
            {
                Add(work);
            }
            else
            {
                StaleGrains++;
                Refuse(work.Items, new CommitRefusedException(
                    CommitRefusal.StaleGrain,
                    $"{work.Grain} may not commit: activation {newest} has claimed the grain"));
            }
        }
    }

    public long Commit { get; }

    /// <summary>Ticks, runs and quarantine.</summary>
    public PostgresFlush Flush { get; }

    /// <summary>Windows that change.</summary>
    public List<(GrainClaim Grain, string Producer, SliceWindow Window)> Windows { get; } = [];

    /// <summary>Tails that begin elsewhere.</summary>
    public List<(GrainClaim Grain, UnixNanos? From)> Tails { get; } = [];

    /// <summary>States to save.</summary>
    public List<(GrainClaim Grain, int Row, byte[] State)> Snapshots { get; } = [];

    /// <summary>Slices that it brings.</summary>
    public int Slices { get; private set; }

    /// <summary>Slices that were in before.</summary>
    public int SlicesKnown { get; private set; }

    /// <summary>Activations that were left out.</summary>
    public int StaleGrains { get; }

    /// <summary>True if nothing is to be written.</summary>
    public bool IsEmpty => Slices == 0 && Snapshots.Count == 0;

    /// <summary>It is committed, or it is known that there is nothing to commit: everybody is answered.</summary>
    public void Complete()
    {
        foreach (var (grain, producer, window) in Windows)
        {
            grain.SetWindow(producer, window);
        }

        foreach (var (grain, from) in Tails)
        {
            grain.TailFrom = from;
        }

        foreach (var item in _committed)
        {
            item.Succeed();
        }

        foreach (var (item, refusal) in _refused)
        {
            item.Refuse(refusal);
        }
    }

    private void Add(GrainWork work)
    {
        var grain = work.Grain;
        var windows = new Dictionary<string, SliceWindow>(StringComparer.Ordinal);
        var tail = grain.TailFrom;
        for (var i = 0; i < work.Items.Count; i++)
        {
            var item = work.Items[i];
            if (item.Slice is not { } slice)
            {
                Snapshots.RemoveAll(s => s.Grain == grain);
                Snapshots.Add((grain, _rows, item.State!));
                tail = null;
                _committed.Add(item);
                continue;
            }

            var window = windows.TryGetValue(slice.Producer, out var changed) ? changed : grain.WindowOf(slice.Producer);
            switch (window.StateOf(slice.ProducerEpoch, slice.Batch))
            {
                case SliceState.New:
                    windows[slice.Producer] = window.With(slice.ProducerEpoch, slice.Batch);
                    tail = Add(slice, tail);
                    break;
                case SliceState.Committed:
                    SlicesKnown++;
                    break;
                case var refused:
                    Refuse(work.Items[i..], RefusalOf(slice, window, refused));
                    i = work.Items.Count;
                    continue;
            }

            _committed.Add(item);
        }

        Windows.AddRange(windows.Select(w => (grain, w.Key, w.Value)));
        if (tail != grain.TailFrom)
        {
            Tails.Add((grain, tail));
        }
    }

    // Gives where the tail begins then.
    private UnixNanos? Add(CommitSlice slice, UnixNanos? tail)
    {
        var from = tail ?? new UnixNanos(long.MaxValue);
        foreach (var tick in slice.Ticks)
        {
            Flush.Add(At(in tick));
            from = tick.Event.EventTime < from ? tick.Event.EventTime : from;
        }

        foreach (var run in slice.Runs)
        {
            Flush.Add(run with { Tick = At(run.Tick) });
            from = run.Tick.Event.EventTime < from ? run.Tick.Event.EventTime : from;
        }

        // They come back whole, so the tail need not reach them.
        foreach (var definition in slice.Definitions)
        {
            Flush.Definitions.Add(definition with { Tick = At(definition.Tick) });
        }

        if (slice.Current is { } current)
        {
            Flush.Instruments.RemoveAll(i => i.Instrument == slice.Grain.Instrument);
            Flush.Instruments.Add(new InstrumentNow(slice.Grain.Instrument, current));
        }

        foreach (var rejected in slice.Rejected)
        {
            Flush.Add(rejected with { Tick = At(rejected.Tick) });
        }

        _rows += slice.Rows;
        Slices++;
        return from.Value == long.MaxValue ? null : from;
    }

    private TickRow At(in TickRow row) => row with { Lsn = (ulong)Commit, Row = _rows + row.Row };

    private static CommitRefusedException RefusalOf(CommitSlice slice, SliceWindow window, SliceState state) => state == SliceState.TooOld
        ? new CommitRefusedException(
            CommitRefusal.TooOld,
            $"{slice} is too old to tell whether it is in: the newest is batch {window.Highest}, and {SliceWindow.Batches} are told apart")
        : new CommitRefusedException(
            CommitRefusal.OldProducer,
            $"{slice} is of the producer's life {slice.ProducerEpoch}; life {window.Epoch} has sent slices since");

    private void Refuse(List<CommitItem> items, CommitRefusedException first)
    {
        for (var i = 0; i < items.Count; i++)
        {
            var refusal = i == 0 || first.Reason == CommitRefusal.StaleGrain
                ? first
                : new CommitRefusedException(CommitRefusal.BehindRefused, $"an earlier slice of {items[i].Grain} was refused: {first.Message}", cause: first);
            _refused.Add((items[i], refusal));
        }
    }
}

using Grid.Runtime.Feeds;
using Grid.Runtime.Recovery;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Runtime.Snapshots;
using Grid.Storage.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>The embedded engine without its threads: the caller says which of them takes its next step.</summary>
internal sealed class SteppedGrid : IDisposable
{
    public const int BatchesMax = 8;

    private readonly CrashPlan _plan;
    private readonly Sequencer _sequencer;
    private readonly SnapshotTaker _snapshots;
    private readonly Queue<(SequencerWork Work, bool IsApplied)> _work = new();
    private readonly Queue<Action<Shard>>[] _shardWork;
    private readonly Queue<TaskCompletionSource> _flushedForSnapshot = new();
    private readonly Action<PendingBatch> _decided;
    private bool _isBatchUnfinished;
    private FlushStep _flush;

    /// <summary>A running grid over what was recovered.</summary>
    /// <param name="recovered">What recovery found.</param>
    /// <param name="options">Those it was opened with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="plan">Where the power fails.</param>
    /// <param name="decided">Is shown each batch once its outcomes are complete.</param>
    public SteppedGrid(RecoveredGrid recovered, EmbeddedGridOptions options, TimeProvider time, CrashPlan plan, Action<PendingBatch> decided)
    {
        _plan = plan;
        _decided = decided;
        Image = recovered.Image;
        Journal = recovered.Journal;
        Intake = new FeedIntake(Journal, Image, time, options, work => _work.Enqueue((work, false)));
        _sequencer = new Sequencer(Journal, Image, Dispatch, Intake.Release);
        _shardWork = [.. Image.Shards.Select(_ => new Queue<Action<Shard>>())];
        _snapshots = new SnapshotTaker(recovered, options, time, NullLogger.Instance, static _ => { }, isSteppedByCaller: true);
    }

    public GridImage Image { get; }

    public JournalWriter Journal { get; }

    public FeedIntake Intake { get; }

    public int Shards => _shardWork.Length;

    public bool HasRoom => Intake.InFlight < BatchesMax;

    public int QueuedForSequencer => _work.Count;

    public ulong SnapshotLsn => _snapshots.NewestLsn;

    /// <summary>True while a flush would tell somebody that a batch is safe.</summary>
    public bool IsFlushingForAcknowledgement { get; private set; }

    /// <summary>True if nothing is on its way and all is on the disk.</summary>
    public bool IsIdle => _work.Count == 0 && Array.TrueForAll(_shardWork, q => q.Count == 0)
        && !_sequencer.HasUnflushed && Journal.LastLsn == Journal.FlushedLsn;

    private enum FlushStep
    {
        None,
        Begun,
        Done,
    }

    /// <summary>The sequencer takes what is next in its queue.</summary>
    public void StepSequencer(bool flushAtOnce)
    {
        if (!_work.TryDequeue(out var next))
        {
            return;
        }

        if (next.IsApplied)
        {
            _plan.Pass(CrashPoint.AfterApplyBeforeOutcomes);
            _decided((PendingBatch)next.Work);
            next.Work.Run(_sequencer);
            _plan.Pass(CrashPoint.AfterOutcomesBeforeFlush);
            return;
        }

        var isNewBatch = next.Work is PendingBatch { IsRetry: false };
        Pass(CrashPoint.BeforeAppend, isNewBatch);
        next.Work.Run(_sequencer);
        Pass(CrashPoint.AfterAppendBeforeFlush, isNewBatch);
        Pass(CrashPoint.AfterAppendWhileFlushing, isNewBatch && _flush != FlushStep.None);
        if (flushAtOnce)
        {
            Flush();
            Pass(CrashPoint.AfterFlushBeforeApply, isNewBatch);
        }
    }

    /// <summary>The sequencer flushes and acknowledges.</summary>
    public void Flush()
    {
        if (_sequencer.HasUnflushed || _sequencer.HasAcknowledgements)
        {
            IsFlushingForAcknowledgement = _sequencer.HasAcknowledgements;
            _sequencer.Flush();
            IsFlushingForAcknowledgement = false;
            _flush = FlushStep.None;
        }
    }

    /// <summary>A flush takes its next step: it is begun by the sequencer, done by the flush thread, ended by the sequencer.</summary>
    public void StepFlush()
    {
        switch (_flush)
        {
            case FlushStep.None when _sequencer.HasUnflushed || _sequencer.HasAcknowledgements:
                _flush = _sequencer.BeginFlush() ? FlushStep.Begun : FlushStep.None;
                break;
            case FlushStep.Begun:
                IsFlushingForAcknowledgement = _sequencer.HasAcknowledgements;
                Journal.RunFlush();
                IsFlushingForAcknowledgement = false;
                _flush = FlushStep.Done;
                break;
            case FlushStep.Done:
                _flush = FlushStep.None;
                _sequencer.EndFlush();
                break;
        }
    }

    /// <summary>A shard takes what is next in its queue.</summary>
    public void StepShard(int shard)
    {
        if (_shardWork[shard].TryDequeue(out var next))
        {
            _isBatchUnfinished = false;
            next(Image.Shards[shard]);
            Pass(CrashPoint.BetweenShardsOfOneBatch, _isBatchUnfinished);
        }
    }

    /// <summary>A shard goes on with its part of the snapshot.</summary>
    public void ContinueSweep(int shard)
    {
        if (Image.Shards[shard].IsSweeping)
        {
            _plan.Pass(CrashPoint.DuringSnapshotSweep);
            Image.Shards[shard].ContinueSweep();
        }
    }

    /// <summary>Begins a snapshot unless one is being taken.</summary>
    public void BeginSnapshot() => _ = _snapshots.Begin(
        _sequencer.LastInputLsn,
        step =>
        {
            foreach (var queue in _shardWork)
            {
                queue.Enqueue(step);
            }
        },
        () =>
        {
            var flushed = new TaskCompletionSource();
            _work.Enqueue((new SequencerCall(s =>
            {
                s.Flush();
                _flushedForSnapshot.Enqueue(flushed);
            }), false));
            return flushed.Task;
        });

    /// <summary>The snapshot learns that the journal is flushed, and is published.</summary>
    public void PublishSnapshot()
    {
        if (_flushedForSnapshot.TryDequeue(out var flushed))
        {
            flushed.SetResult();
        }
    }

    /// <summary>Lets everybody finish.</summary>
    public void Drain()
    {
        do
        {
            for (var shard = 0; shard < Shards; shard++)
            {
                StepShard(shard);
                ContinueSweep(shard);
            }

            StepSequencer(flushAtOnce: false);
            Flush();
            PublishSnapshot();
        }
        while (!IsIdle || _flushedForSnapshot.Count > 0 || Image.Shards.Any(s => s.IsSweeping));
    }

    public void Dispose()
    {
        Journal.Dispose();
        Image.Dispose();
        Intake.Dispose();
    }

    private void Dispatch(PendingBatch batch)
    {
        foreach (var queue in _shardWork)
        {
            queue.Enqueue(s => Process(s, batch));
        }
    }

    private void Process(Shard shard, PendingBatch batch)
    {
        shard.Process(batch);
        _isBatchUnfinished = !batch.FinishShard();
        if (!_isBatchUnfinished)
        {
            _work.Enqueue((batch, true));
        }
    }

    private void Pass(CrashPoint point, bool isMeant)
    {
        if (isMeant)
        {
            _plan.Pass(point);
        }
    }
}

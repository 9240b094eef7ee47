using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;

namespace Grid.Runtime.Recovery;

/// <summary>
/// Applies replayed batches on one thread for each shard while the caller reads and decodes the next ones. Each shard
/// sees the batches in the order in which they were added.
/// </summary>
internal sealed class ReplayLine : IDisposable
{
    private const int BatchesMax = 32;

    private readonly WorkQueue<PlayedBatch>[] _queues;
    private readonly Thread[] _threads;
    private readonly ConcurrentBag<PlayedBatch> _pool = [];
    private readonly SemaphoreSlim _room = new(BatchesMax, BatchesMax);
    private ExceptionDispatchInfo? _failure;

    public ReplayLine(IReadOnlyList<Shard> shards)
    {
        _queues = [.. shards.Select(_ => new WorkQueue<PlayedBatch>())];
        _threads = [.. shards.Select((shard, i) => new Thread(() => Run(shard, _queues[i])) { Name = $"grid-replay-{i}", IsBackground = true })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>An empty batch to fill; those handed to <see cref="Add"/> come back here. Held ones do not count against the bound.</summary>
    public PlayedBatch Rent() => _pool.TryTake(out var batch) ? batch : new PlayedBatch();

    /// <summary>Applies a batch behind those added before; waits while too many are waiting.</summary>
    public void Add(PlayedBatch played)
    {
        _room.Wait();
        _failure?.Throw();
        played.Batch.BeginApplying(_queues.Length);
        foreach (var queue in _queues)
        {
            queue.Add(played);
        }
    }

    /// <summary>Returns when everything added so far is applied.</summary>
    public void Settle()
    {
        for (var i = 0; i < BatchesMax; i++)
        {
            _room.Wait();
        }

        _room.Release(BatchesMax);
        _failure?.Throw();
    }

    /// <summary>Ends the line: returns when everything added is applied.</summary>
    public void Finish()
    {
        End();
        _failure?.Throw();
    }

    public void Dispose()
    {
        End();
        _room.Dispose();
    }

    private void End()
    {
        foreach (var queue in _queues)
        {
            queue.Complete();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private void Run(Shard shard, WorkQueue<PlayedBatch> queue)
    {
        while (queue.Take(out var played))
        {
            try
            {
                // After a failure the rest is taken and left, so that the reader does not wait for room for ever.
                if (_failure is null)
                {
                    played.ApplyTo(shard);
                }
            }
            catch (Exception e)
            {
                _failure = ExceptionDispatchInfo.Capture(e);
            }

            if (played.Batch.FinishShard())
            {
                played.Batch.Reset();
                _pool.Add(played);
                _room.Release();
            }
        }
    }
}

/// <summary>A batch read from the journal, with or without recorded outcomes.</summary>
internal sealed class PlayedBatch
{
    public PendingBatch Batch { get; } = new();

    public bool IsDecided { get; set; }

    public void ApplyTo(Shard shard)
    {
        if (IsDecided)
        {
            shard.Replay(Batch);
        }
        else
        {
            shard.Process(Batch);
        }
    }
}

using Grid.Runtime.Sequencing;

namespace Grid.Runtime.Shards;

/// <summary>Runs one shard: applies batches in the order in which they come and answers questions between them.</summary>
internal sealed class ShardThread : IDisposable
{
    private readonly WorkQueue<Action<Shard>> _work = new();
    private readonly Shard _shard;
    private readonly Action<PendingBatch> _applied;
    private readonly Action<Exception> _failed;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;

    public ShardThread(Shard shard, Action<PendingBatch> applied, Action<Exception> failed)
    {
        _shard = shard;
        _applied = applied;
        _failed = failed;
        _thread = new Thread(Run) { Name = $"grid-shard-{shard.Index}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Queues a batch; the last shard to apply it reports it.</summary>
    public void Enqueue(PendingBatch batch) => _work.Add(s =>
    {
        s.Process(batch);
        if (batch.FinishShard())
        {
            _applied(batch);
        }
    });

    /// <summary>Queues a step in the order of the batches.</summary>
    public void Enqueue(Action<Shard> step) => _work.Add(step);

    /// <summary>Asks something on the shard's own thread, behind the batches queued by now.</summary>
    /// <exception cref="Domain.GridException">Stopping: the thread has ended.</exception>
    public async Task<T> AskAsync<T>(Func<Shard, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(s =>
            {
                try
                {
                    answer.SetResult(question(s));
                }
                catch (Exception failure)
                {
                    answer.SetException(failure);
                }
            });
        }
        catch (InvalidOperationException)
        {
            throw HasEnded();
        }

        await Task.WhenAny(answer.Task, _ended.Task).ConfigureAwait(false);
        return answer.Task.IsCompleted ? await answer.Task.ConfigureAwait(false) : throw HasEnded();
    }

    /// <summary>Finishes what is queued and ends the thread.</summary>
    public void Dispose()
    {
        _work.Complete();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                // With a snapshot under way the thread does a piece of it after each batch, and all of it while idle. Where the disk is
                // behind, it waits for the step that says that there is room.
                if (!(_shard.CanSweep ? _work.TryTake(out var step) : _work.Take(out step)))
                {
                    if (_work.IsCompleted)
                    {
                        return;
                    }

                    _shard.ContinueSweep();
                    continue;
                }

                step(_shard);
                _shard.ContinueSweep();
            }
        }
        catch (Exception failure)
        {
            _failed(failure);
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private static Domain.GridException HasEnded() => new(Domain.GridErrorCode.Stopping, "the grid is stopping");
}

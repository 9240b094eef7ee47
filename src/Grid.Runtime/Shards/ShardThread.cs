using System.Collections.Concurrent;
using Grid.Runtime.Sequencing;

namespace Grid.Runtime.Shards;

/// <summary>Runs one shard: applies batches in the order in which they come and answers questions between them.</summary>
internal sealed class ShardThread : IDisposable
{
    private readonly BlockingCollection<Action<Shard>> work = [];
    private readonly Shard shard;
    private readonly Action<PendingBatch> applied;
    private readonly Action<Exception> failed;
    private readonly Thread thread;

    public ShardThread(Shard shard, Action<PendingBatch> applied, Action<Exception> failed)
    {
        this.shard = shard;
        this.applied = applied;
        this.failed = failed;
        thread = new Thread(Run) { Name = $"grid-shard-{shard.Index}", IsBackground = true };
        thread.Start();
    }

    /// <summary>Queues a batch; the last shard to apply it reports it.</summary>
    public void Enqueue(PendingBatch batch) => work.Add(s =>
    {
        s.Process(batch);
        if (batch.FinishShard())
        {
            applied(batch);
        }
    });

    /// <summary>Queues a step in the order of the batches.</summary>
    public void Enqueue(Action<Shard> step) => work.Add(step);

    /// <summary>Asks something on the shard's own thread, behind the batches queued by now.</summary>
    public Task<T> AskAsync<T>(Func<Shard, T> question)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            work.Add(s =>
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
            answer.SetException(new Domain.GridException(Domain.GridErrorCode.Stopping, "the grid is stopping"));
        }

        return answer.Task;
    }

    /// <summary>Finishes what is queued and ends the thread.</summary>
    public void Dispose()
    {
        work.CompleteAdding();
        thread.Join();
        work.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                // With a snapshot under way the thread does a piece of it after each batch, and all of it while idle.
                if (!work.TryTake(out var step, shard.IsSweeping ? 0 : Timeout.Infinite))
                {
                    if (work.IsCompleted)
                    {
                        return;
                    }

                    shard.ContinueSweep();
                    continue;
                }

                step(shard);
                shard.ContinueSweep();
            }
        }
        catch (Exception failure)
        {
            failed(failure);
        }
    }
}

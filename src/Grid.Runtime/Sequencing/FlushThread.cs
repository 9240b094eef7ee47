using Grid.Runtime.Metrics;
using Grid.Storage.Journal;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// Waits for the disk on a thread of its own: batches are appended, applied and seen in queries meanwhile, and share the next
/// flush.
/// </summary>
internal sealed class FlushThread : IDisposable
{
    // Not one that spins first, see WorkQueue.
    private readonly AutoResetEvent _begun = new(false);
    private readonly JournalWriter _journal;
    private readonly PipelineLatencies _latencies;
    private readonly Action _flushed;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>A thread that waits for work.</summary>
    /// <param name="journal">What is flushed.</param>
    /// <param name="latencies">Is told how long each flush takes.</param>
    /// <param name="flushed">Is called after each flush, on this thread.</param>
    public FlushThread(JournalWriter journal, PipelineLatencies latencies, Action flushed)
    {
        _journal = journal;
        _latencies = latencies;
        _flushed = flushed;
        _thread = new Thread(Run) { Name = "grid-flush", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Does the flush that the journal has begun.</summary>
    public void Begin() => _begun.Set();

    /// <summary>Finishes the flush at hand and ends the thread.</summary>
    public void Dispose()
    {
        _isStopping = true;
        _begun.Set();
        _thread.Join();
        _begun.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _begun.WaitOne();
            if (_isStopping)
            {
                return;
            }

            _latencies.BeginFlush();
            _journal.RunFlush();
            _latencies.EndFlush();
            _flushed();
        }
    }
}

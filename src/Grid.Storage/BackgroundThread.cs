using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Grid.Storage;

/// <summary>
/// A thread of lower priority for work that nobody waits for: what it takes of a processor is what the threads that bring events to their
/// readers leave. The pool's threads are equals of those, and a snapshot on one of them held up a shard for as long as the system gives a thread at once.
/// </summary>
public static partial class BackgroundThread
{
    // Of 19. A thread of this niceness gets about a tenth of a processor that others want too.
    private const int Niceness = 10;
    private const int OfThread = 0;

    /// <summary>Runs something on a thread of its own.</summary>
    /// <param name="name">What the thread is called, for whoever looks at the process.</param>
    /// <param name="work">What it does; the task has its failure.</param>
    public static Task Run(string name, Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(name, () =>
        {
            try
            {
                work();
                done.TrySetResult();
            }
            catch (Exception failure)
            {
                done.TrySetException(failure);
            }
        });
        return done.Task;
    }

    /// <summary>Runs something on a thread of its own, and on it all that follows each of its awaits without <c>ConfigureAwait(false)</c>.</summary>
    /// <param name="name">What the thread is called, for whoever looks at the process.</param>
    /// <param name="work">What it does; the task has its failure.</param>
    public static Task Run(string name, Func<Task> work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Start(name, () => new Pump().Run(work, done));
        return done.Task;
    }

    private static void Start(string name, Action body)
    {
        // A flow of the caller's would keep what it holds alive for as long as the thread lives.
        var thread = new Thread(() =>
        {
            LowerPriority();
            body();
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.UnsafeStart();
    }

    // .NET's own thread priorities do nothing on Linux.
    private static void LowerPriority()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfThread, who: 0, Niceness);
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    // On Linux 0 stands for the calling thread, not for its process.
    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, uint who, int priority);

    // Takes the continuations of one piece of work, until that is done. One that comes later goes to the pool.
    private sealed class Pump : SynchronizationContext
    {
        private readonly BlockingCollection<(SendOrPostCallback Continuation, object? State)> _queue = [];

        public override void Post(SendOrPostCallback d, object? state)
        {
            try
            {
                _queue.Add((d, state));
            }
            catch (InvalidOperationException)
            {
                base.Post(d, state);
            }
        }

        public void Run(Func<Task> work, TaskCompletionSource done)
        {
            SetSynchronizationContext(this);
            var running = BeginAsync(work);
            _ = running.ContinueWith(static (_, queue) => ((BlockingCollection<(SendOrPostCallback, object?)>)queue!).CompleteAdding(), _queue, TaskScheduler.Default);
            foreach (var (continuation, state) in _queue.GetConsumingEnumerable())
            {
                continuation(state);
            }

            SetSynchronizationContext(null);
            done.TrySetFromTask(running);
        }

        // What it throws before its first await is the task's too.
        private static async Task BeginAsync(Func<Task> work) => await work().ConfigureAwait(false);
    }
}

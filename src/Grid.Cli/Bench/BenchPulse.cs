namespace Grid.Cli.Bench;

/// <summary>
/// A clock that strikes every millisecond for whoever sends at a rate. A <see cref="PeriodicTimer"/> of 1 ms strikes only every 4 to 5 ms, as .NET's
/// timers go by a coarse clock, and took a quarter of a core of the machine that is being measured.
/// </summary>
internal static class BenchPulse
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(1);

    /// <summary>Calls a step about every millisecond until it says that it is done, on a thread of its own.</summary>
    /// <param name="step">One step; true when there are no more. The next begins when it has ended.</param>
    /// <param name="cancel">Ends it between two steps.</param>
    public static Task RunAsync(Func<ValueTask<bool>> step, CancellationToken cancel) =>
        Task.Factory.StartNew(() => Run(step, cancel), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Run(Func<ValueTask<bool>> step, CancellationToken cancel)
    {
        while (!step().AsTask().GetAwaiter().GetResult())
        {
            cancel.WaitHandle.WaitOne(Period);
            cancel.ThrowIfCancellationRequested();
        }
    }
}

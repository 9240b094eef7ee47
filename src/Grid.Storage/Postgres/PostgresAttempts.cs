using Grid.Storage.Postgres.Writing;
using Polly;
using Polly.Retry;

namespace Grid.Storage.Postgres;

/// <summary>
/// Makes attempts until one succeeds: after a failure with a wait that doubles and has jitter, and after several in a row not at
/// all for a while (<see cref="CircuitState"/>).
/// </summary>
public sealed class PostgresAttempts
{
    private readonly Circuit _circuit;
    private readonly ResiliencePipeline _pipeline;
    private long _failures;

    /// <summary>Attempts as options say.</summary>
    /// <param name="options">How often and when.</param>
    /// <param name="time">Measures the waits.</param>
    /// <param name="failed">Is told each failure and how long the next attempt is waited for.</param>
    public PostgresAttempts(PostgresOptions options, TimeProvider time, Action<Exception, TimeSpan> failed)
    {
        ArgumentNullException.ThrowIfNull(options);
        _circuit = new Circuit(options.CircuitFailures, options.CircuitOpenFor, options.CircuitSuccesses, time);
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is GridStorageException),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.RetryDelayMax,
                DelayGenerator = _ => ValueTask.FromResult(_circuit.Remaining is var open && open > TimeSpan.Zero ? (TimeSpan?)open : null),
                OnRetry = arguments =>
                {
                    failed(arguments.Outcome.Exception!, arguments.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Whether attempts are made.</summary>
    public CircuitState Circuit => _circuit.State;

    /// <summary>Times that no more attempts were made for a while.</summary>
    public long CircuitOpened => _circuit.Opened;

    /// <summary>Attempts that failed.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Does something until it succeeds, or fails in a way that no attempt can change.</summary>
    /// <param name="work">An attempt.</param>
    /// <param name="isFinal">True if no further attempt can succeed after a failure.</param>
    /// <param name="cancel">Ends the attempts.</param>
    /// <exception cref="GridStorageException">It failed for good.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work, Func<GridStorageException, bool> isFinal, CancellationToken cancel)
    {
        GridStorageException? final = null;
        await _pipeline.ExecuteAsync(
            async token =>
            {
                try
                {
                    await work(token).ConfigureAwait(false);
                    _circuit.Succeed();
                }
                catch (GridStorageException e)
                {
                    Interlocked.Increment(ref _failures);
                    _circuit.Fail();
                    if (!isFinal(e))
                    {
                        throw;
                    }

                    final = e;
                }
            },
            cancel).ConfigureAwait(false);
        if (final is not null)
        {
            throw new GridStorageException(final.Message, final.IsTransient, final);
        }
    }
}

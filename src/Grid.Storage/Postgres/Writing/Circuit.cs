namespace Grid.Storage.Postgres.Writing;

/// <summary>
/// Counts attempts that fail and succeed, and says when none should be made. Polly's own breaker closes with the first success;
/// this one waits for several, so that a server which comes up and falls over is not pressed at full speed.
/// </summary>
/// <remarks>One thread reports; any may ask.</remarks>
internal sealed class Circuit(int failuresMax, TimeSpan openFor, int successesWanted, TimeProvider time)
{
    private readonly Lock _gate = new();

    // Attempts in a row that failed while closed, and that succeeded while half open.
    private int _failures;
    private int _successes;
    private bool _isTripped;
    private long _trippedAt;
    private long _opened;

    /// <summary>Times it opened.</summary>
    public long Opened => Volatile.Read(ref _opened);

    public CircuitState State => !Volatile.Read(ref _isTripped) ? CircuitState.Closed : Remaining > TimeSpan.Zero ? CircuitState.Open : CircuitState.HalfOpen;

    /// <summary>How long no attempt should be made.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (_gate)
            {
                var remaining = openFor - time.GetElapsedTime(_trippedAt);
                return _isTripped && remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
            }
        }
    }

    public void Succeed()
    {
        lock (_gate)
        {
            _failures = 0;
            if (_isTripped && ++_successes >= successesWanted)
            {
                Volatile.Write(ref _isTripped, false);
            }
        }
    }

    public void Fail()
    {
        lock (_gate)
        {
            _successes = 0;
            if (_isTripped || ++_failures >= failuresMax)
            {
                Volatile.Write(ref _isTripped, true);
                _trippedAt = time.GetTimestamp();
                _failures = 0;
                _opened++;
            }
        }
    }
}

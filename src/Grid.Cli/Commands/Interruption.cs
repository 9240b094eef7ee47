using System.Runtime.InteropServices;

namespace Grid.Cli.Commands;

/// <summary>Turns SIGINT and SIGTERM into a token; one that comes after a second still ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    // Some tools send one signal to the process and to its group, which is one wish and not two.
    private static readonly TimeSpan SameWish = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly PosixSignalRegistration[] _signals;
    private long _askedAt;

    public Interruption(TimeProvider time)
    {
        _time = time;
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask)];
    }

    /// <summary>Is cancelled by the first signal.</summary>
    public CancellationToken Token => _ending.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _ending.Dispose();
    }

    private void Ask(PosixSignalContext signal)
    {
        var isFirst = Interlocked.CompareExchange(ref _askedAt, _time.GetTimestamp(), 0) == 0;
        signal.Cancel = isFirst || _time.GetElapsedTime(Volatile.Read(ref _askedAt)) < SameWish;
        if (isFirst)
        {
            _ending.Cancel();
        }
    }
}

using Grid.Testing;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>Lets the power fail when a chosen point is passed for the n-th time, and counts which points were passed and hit.</summary>
internal sealed class CrashPlan(FaultyDisk disk)
{
    private CrashPoint? _chosen;
    private int _left;

    /// <summary>True from the moment at which the power failed until <see cref="Clear"/>.</summary>
    public bool IsPowerOff { get; private set; }

    /// <summary>How often the power failed at each point.</summary>
    public Dictionary<CrashPoint, int> Crashes { get; } = [];

    /// <summary>The power will fail when the point is passed for the n-th time (1 is the next).</summary>
    public void Choose(CrashPoint point, int n) => (_chosen, _left) = (point, n);

    /// <summary>Nothing fails any more.</summary>
    public void Clear()
    {
        _chosen = null;
        IsPowerOff = false;
    }

    /// <summary>The point is passed.</summary>
    public void Pass(CrashPoint point)
    {
        if (_chosen != point || --_left > 0)
        {
            return;
        }

        Crashes[point] = Crashes.GetValueOrDefault(point) + 1;
        IsPowerOff = true;
        disk.FailPowerAfter(1);
        throw new PowerLossException(point);
    }
}

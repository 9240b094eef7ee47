using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <content>Reading of what is known together with the history that led to it, for those who follow an instrument.</content>
public sealed partial class InstrumentState
{
    /// <summary>The open minute is told apart from none by its start: no event time is this one.</summary>
    private static readonly UnixNanos NoMinute = new(long.MinValue);

    /// <summary>
    /// A consistent copy of what is known now, of the open minute, and of where the history ends; from any thread. The view's
    /// newest tick has the number <see cref="Latest.Ticks"/>.
    /// </summary>
    /// <param name="view">A view of <see cref="History"/>, brought to the same moment.</param>
    /// <param name="latest">What is known.</param>
    /// <param name="minute">The open minute as it would be closed now.</param>
    /// <returns>True if a minute is open.</returns>
    public bool Follow(InstrumentHistory view, out Latest latest, out BarAccumulator minute)
    {
        ArgumentNullException.ThrowIfNull(view);
        var wait = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _writes);
            if ((before & 1) == 0)
            {
                Copy(out latest);
                minute = _series.IsOpen ? _series.WholeMinute(_context.Order) : BarAccumulator.From(NoMinute);
                History.Refreeze(view);
                Volatile.ReadBarrier();
                if (Volatile.Read(ref _writes) == before)
                {
                    return minute.Start != NoMinute;
                }
            }

            wait.SpinOnce();
        }
    }
}

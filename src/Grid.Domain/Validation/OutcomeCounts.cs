using System.Runtime.CompilerServices;

namespace Grid.Domain.Validation;

/// <summary>How many events had which outcome.</summary>
public sealed class OutcomeCounts
{
    // byOutcome[o] counts outcomes of value o.
    private readonly long[] _byOutcome = new long[256];

    /// <summary>All events.</summary>
    public long Total => Sum(0, 256);

    /// <summary>Applied without a mark.</summary>
    public long Accepted => Of(Disposition.Accepted);

    /// <summary>Applied with a mark.</summary>
    public long Flagged => Of(Disposition.Flagged);

    /// <summary>Not applied, seen before.</summary>
    public long Duplicate => Of(Disposition.Duplicate);

    /// <summary>Not applied, quarantined.</summary>
    public long Rejected => Of(Disposition.Rejected);

    /// <summary>How many events had one outcome.</summary>
    public long this[Outcome outcome] => Volatile.Read(ref _byOutcome[outcome.Value]);

    /// <summary>Counts one event.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Outcome outcome) => _byOutcome[outcome.Value]++;

    /// <summary>Counts many events of one outcome.</summary>
    public void Add(Outcome outcome, long count) => _byOutcome[outcome.Value] += count;

    /// <summary>Adds all of another's counts.</summary>
    public void Add(OutcomeCounts other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _byOutcome.Length; i++)
        {
            _byOutcome[i] += Volatile.Read(ref other._byOutcome[i]);
        }
    }

    /// <summary>Back to nothing.</summary>
    public void Clear() => Array.Clear(_byOutcome);

    /// <summary>The outcomes that occurred, in order of their value.</summary>
    public IEnumerable<KeyValuePair<Outcome, long>> NonZero()
    {
        for (var i = 0; i < _byOutcome.Length; i++)
        {
            if (_byOutcome[i] != 0)
            {
                yield return new(new Outcome((byte)i), _byOutcome[i]);
            }
        }
    }

    private long Of(Disposition disposition) => Sum((int)disposition << 6, ((int)disposition + 1) << 6);

    private long Sum(int from, int to)
    {
        long sum = 0;
        for (var i = from; i < to; i++)
        {
            sum += Volatile.Read(ref _byOutcome[i]);
        }

        return sum;
    }
}

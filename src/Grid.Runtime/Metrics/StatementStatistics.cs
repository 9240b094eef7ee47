using System.Diagnostics.Metrics;
using Grid.Storage.Postgres;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Metrics;

/// <summary>
/// What each statement that is sent to PostgreSQL takes, those that fail included, and a line in the log for each that is slow. A
/// statement costs memory from its first time on: 110 KB, of which there are some thirty.
/// </summary>
internal sealed partial class StatementStatistics(TimeProvider time, TimeSpan slow, ILogger log)
{
    // By statement; null until it is sent. Each is its own lock.
    private readonly Taken?[] _taken = new Taken?[PostgresStatements.Count];

    /// <summary>Counts one that ended now.</summary>
    public void Add(StatementRun run)
    {
        ref var place = ref _taken[(int)run.Statement];
        if (Volatile.Read(ref place) is null)
        {
            Interlocked.CompareExchange(ref place, new Taken(time), null);
        }

        place!.Add(in run);
        if (slow > TimeSpan.Zero && run.Took >= slow)
        {
            LogSlow(run.Statement.Text(), run.Took, run.Rows, run.Failure ?? "no failure");
        }
    }

    /// <summary>All that were sent, in the order of <see cref="PostgresStatement"/>.</summary>
    public IReadOnlyList<StatementFigures> Read()
    {
        var figures = new List<StatementFigures>();
        for (var statement = 0; statement < _taken.Length; statement++)
        {
            if (Volatile.Read(ref _taken[statement]) is { } taken)
            {
                figures.Add(taken.Read(((PostgresStatement)statement).Text()));
            }
        }

        return figures;
    }

    /// <summary>How many failed, by statement and SQLSTATE.</summary>
    public IEnumerable<Measurement<long>> Failures()
    {
        for (var statement = 0; statement < _taken.Length; statement++)
        {
            foreach (var (code, count) in Volatile.Read(ref _taken[statement])?.Failures() ?? [])
            {
                yield return new Measurement<long>(count, new("statement", ((PostgresStatement)statement).Text()), new("code", code));
            }
        }
    }

    [LoggerMessage(EventId = 1041, Level = LogLevel.Warning, Message = "PostgreSQL took {Took} for {Statement} of {Rows} rows ({Failure})")]
    private partial void LogSlow(string statement, TimeSpan took, long rows, string failure);

    private sealed class Taken(TimeProvider time)
    {
        private readonly Lock _gate = new();
        private readonly RecentLatencies _recent = new(time);
        private readonly Dictionary<string, long> _failures = new(StringComparer.Ordinal);
        private long _count;
        private TimeSpan _sum;

        public void Add(in StatementRun run)
        {
            _recent.Add(run.Took);
            lock (_gate)
            {
                _count++;
                _sum += run.Took;
                if (run.Failure is { } code)
                {
                    _failures[code] = _failures.GetValueOrDefault(code) + 1;
                }
            }
        }

        public StatementFigures Read(string name)
        {
            var recent = _recent.Summarize();
            lock (_gate)
            {
                return new StatementFigures(name, _count, _sum, _failures.Values.Sum(), recent);
            }
        }

        public IReadOnlyList<KeyValuePair<string, long>> Failures()
        {
            lock (_gate)
            {
                return [.. _failures];
            }
        }
    }
}

/// <summary>What a statement takes that is sent to PostgreSQL.</summary>
/// <param name="Statement">Its name.</param>
/// <param name="Count">How often it was sent since the start.</param>
/// <param name="Sum">What that took, all together.</param>
/// <param name="Failures">How often it failed.</param>
/// <param name="Recent">Percentiles of the last minute.</param>
public sealed record StatementFigures(string Statement, long Count, TimeSpan Sum, long Failures, LatencySummary Recent);

using BenchmarkDotNet.Attributes;
using Grid.Domain.Dedup;

namespace Grid.Benchmarks;

/// <summary>One window and numbers as feeds send them; figures are per number.</summary>
public class SequenceWindowBenchmarks
{
    private const int Numbers = 10_000;
    private readonly SequenceWindow _window = new();
    private ulong _next = 1;

    /// <summary>A contiguous domain of its own.</summary>
    [Benchmark(OperationsPerInvoke = Numbers)]
    public int InOrder()
    {
        var seen = 0;
        for (var i = 0; i < Numbers; i++)
        {
            seen += (int)_window.Observe(_next++);
        }

        return seen;
    }

    /// <summary>A venue that numbers all its instruments in one series: each number opens a range.</summary>
    [Benchmark(OperationsPerInvoke = Numbers)]
    public int Sparse()
    {
        var seen = 0;
        for (var i = 0; i < Numbers; i++)
        {
            seen += (int)_window.Observe(_next += 7);
        }

        return seen;
    }

    /// <summary>Sparse, and every hundredth number is 50 numbers late: a search and a move.</summary>
    [Benchmark(OperationsPerInvoke = Numbers)]
    public int SparseAndLate()
    {
        var seen = 0;
        for (var i = 0; i < Numbers; i++)
        {
            _next += 7;
            seen += (int)_window.Observe(i % 100 == 99 ? _next - (50 * 7) - 3 : _next);
        }

        return seen;
    }
}

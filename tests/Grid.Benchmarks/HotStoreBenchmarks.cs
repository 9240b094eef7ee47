using BenchmarkDotNet.Attributes;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;

namespace Grid.Benchmarks;

/// <summary>Appending ticks of 5,000 instruments to the hot store; figures are per tick, making the batch included.</summary>
public class HotStoreBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grid-benchmarks-").FullName;
    private readonly GridNames _names = new();
    private HotTickChain[] _chains = [];
    private HotStore _store = null!;
    private MarketStream _stream = null!;

    [GlobalSetup]
    public void Setup()
    {
        _stream = new MarketStream(_names);
        _chains = new HotTickChain[_names.Instruments.Count];
        _store = HotStore.Open(_folder, new HotStoreOptions { BytesMax = 256 << 20 }, HotStorePosition.Start);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public long AppendTick()
    {
        foreach (ref readonly var e in _stream.Next())
        {
            _store.AppendTick(ref _chains[e.Instrument.Value], in e, Outcome.Accepted);
        }

        return _store.Position.GetHashCode();
    }
}

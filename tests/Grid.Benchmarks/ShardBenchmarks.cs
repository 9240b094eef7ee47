using BenchmarkDotNet.Attributes;
using Grid.Domain.Instruments;
using Grid.Runtime;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;

namespace Grid.Benchmarks;

/// <summary>
/// All that a shard does with a batch: deduplicate, validate, apply, append to the hot store, decide the outcome. Figures are
/// per event; <see cref="Fill"/> alone is what making the batch costs in <see cref="Process"/>.
/// </summary>
public class ShardBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grid-benchmarks-").FullName;
    private readonly PendingBatch _batch = new();
    private GridImage _image = null!;
    private MarketStream _stream = null!;

    [GlobalSetup]
    public void Setup()
    {
        _image = new GridImage(RuleBook.BuiltIn, 1_000, 1_000);
        _image.SetShards([new HotHistoryStores(_folder, 256 << 20, 1L << 30, readOnly: false).Open(0, 1, default)]);
        _stream = new MarketStream(_image.Names);
        _image.Context.Declare(_stream.Source, _stream.Declaration);

        // As many events as fill the windows of the instruments that trade most.
        for (var i = 0; i < 1_000; i++)
        {
            Process();
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        var counts = _image.TotalCounts();
        Console.WriteLine($"// {counts.Accepted:N0} accepted, {counts.Flagged:N0} flagged, {counts.Duplicate:N0} duplicate, {counts.Rejected:N0} rejected");
        _image.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int Process()
    {
        Fill();
        _image.Shards[0].Process(_batch);
        return _batch.Outcomes[0].Value;
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int Fill()
    {
        _stream.Next().CopyTo(_batch.Events.Resize(MarketStream.BatchEvents));
        _batch.MakeRoomForOutcomes();
        return _batch.Events.Count;
    }
}

using BenchmarkDotNet.Attributes;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Benchmarks;

/// <summary>Batches to bytes and back; figures are per event.</summary>
public class EventCodecBenchmarks
{
    private readonly GridNames _names = new();
    private readonly EventBatchEncoder _encoder = new();
    private readonly EventBatch _batch = new(MarketStream.BatchEvents);
    private MarketEvent[] _events = [];
    private byte[] _payload = [];
    private int[][] _maps = [];

    [GlobalSetup]
    public void Setup()
    {
        _events = new MarketStream(_names).Next().ToArray();
        Encode();
        _payload = _encoder.Finish().ToArray();

        // The producer's numbers are this process's.
        _maps = [.. new[] { NameKind.Instrument, NameKind.Source, NameKind.Venue, NameKind.Channel }.Select(k => Enumerable.Range(0, _names[k].Count).ToArray())];
        Console.WriteLine($"// {_payload.Length / (double)MarketStream.BatchEvents:0.00} bytes per event");
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int Encode()
    {
        _encoder.Clear();
        foreach (ref readonly var e in _events.AsSpan())
        {
            _encoder.Add(in e);
        }

        return _encoder.Finish().Length;
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int Decode()
    {
        var fault = EventBatchDecoder.Decode(_payload, new NameMaps(_maps[0], _maps[1], _maps[2], _maps[3]), new UnixNanos(1), _batch, out _);
        return fault == BatchFault.None ? _batch.Count : throw new InvalidOperationException($"the batch cannot be read: {fault}");
    }
}

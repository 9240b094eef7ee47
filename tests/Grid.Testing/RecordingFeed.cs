using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime;

namespace Grid.Testing;

/// <summary>A feed of <see cref="RecordingGrid"/>.</summary>
internal sealed class RecordingFeed(RecordingGrid grid, RecordedProducer producer, FeedHello hello, IFeedListener listener) : IFeed
{
    private readonly List<int>[] _maps = [[0], [0], [0], [0]];
    private readonly EventBatch _batch = new();
    private readonly OutcomeCounts _counts = new();
    private readonly Queue<(ulong Number, int Events, Outcome Outcome)> _held = new();
    private long _events;

    public IFeedListener Listener => listener;

    public ulong Epoch => hello.Epoch;

    public ulong LastDurableBatch { get; } = producer.LastDurable;

    public void AddName(NameKind kind, ReadOnlySpan<byte> name)
    {
        if (!NameRules.IsValid(name))
        {
            throw new GridException(GridErrorCode.BadName, NameRules.Explain(name));
        }

        lock (grid.Gate)
        {
            _maps[(int)kind].Add(grid.Names[kind].GetOrAdd(name));
        }
    }

    public ValueTask DeclareSourceAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        lock (grid.Gate)
        {
            if (grid.Sources.TryGetValue(declaration.Name, out var known) && known != declaration)
            {
                throw new GridException(GridErrorCode.SourceDiffers, $"it was declared with policy {known.Policy} and cannot change to {declaration.Policy}");
            }

            grid.Sources[declaration.Name] = declaration;
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask SubmitAsync(ulong batchNumber, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        await grid.SubmitGate().WaitAsync(cancel);
        lock (grid.Gate)
        {
            Submit(batchNumber, payload.Span);
        }

        if (!grid.HoldsAcknowledgements)
        {
            Release();
        }
    }

    public ValueTask DisposeAsync()
    {
        grid.Closed(producer, this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Makes durable and acknowledges what was held.</summary>
    public void Release()
    {
        lock (grid.Gate)
        {
            if (_held.Count == 0)
            {
                return;
            }

            ulong last = 0;
            while (_held.TryDequeue(out var held))
            {
                last = held.Number;
                _events += held.Events;
                if (hello.Ack != AckLevel.Received)
                {
                    _counts.Add(held.Outcome, held.Events);
                }
            }

            producer.LastDurable = Math.Max(producer.LastDurable, last);
            listener.Acknowledged(new Acknowledgement(last, _events, _counts));
        }
    }

    private void Submit(ulong number, ReadOnlySpan<byte> payload)
    {
        var crc = Crc32C.Compute(payload);
        if (producer.Batches.TryGetValue(number, out var known))
        {
            if (known != crc)
            {
                throw new GridException(GridErrorCode.BatchNumberReused, $"batch {number} was used before with other content");
            }

            _held.Enqueue((number, EventBatchDecoder.CountOf(payload), Outcome.Duplicate));
            return;
        }

        if (number != producer.LastApplied + 1)
        {
            throw new GridException(GridErrorCode.BatchNumberSkipped, $"batch {number} leaves out batch {producer.LastApplied + 1}");
        }

        var maps = new NameMaps(_maps[0].ToArray(), _maps[1].ToArray(), _maps[2].ToArray(), _maps[3].ToArray());
        var fault = EventBatchDecoder.Decode(payload, in maps, grid.Now, _batch, out var row);
        if (fault != BatchFault.None)
        {
            throw new GridException(
                fault == BatchFault.Name ? GridErrorCode.UnknownName : GridErrorCode.Malformed, $"batch {number}, row {row}: {fault}");
        }

        producer.Batches[number] = crc;
        producer.LastApplied = number;
        grid.Apply(_batch, producer.Name, number);
        _held.Enqueue((number, _batch.Count, Outcome.Accepted));
    }
}

/// <summary>What <see cref="RecordingGrid"/> remembers of a producer's epoch.</summary>
internal sealed class RecordedProducer(string name, ulong epoch)
{
    public string Name => name;

    public ulong Epoch => epoch;

    /// <summary>Checksums of the batches of the epoch by number.</summary>
    public Dictionary<ulong, uint> Batches { get; } = [];

    public ulong LastApplied { get; set; }

    public ulong LastDurable { get; set; }

    public RecordingFeed? Open { get; set; }
}

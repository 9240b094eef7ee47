using System.Collections.Concurrent;
using Grid.Domain;
using Grid.Runtime.Snapshots;

namespace Grid.Runtime.Feeds;

/// <summary>All producers that are connected or ever sent a batch, by name.</summary>
internal sealed class ProducerLedger
{
    private readonly ConcurrentDictionary<string, Producer> _producers = new(StringComparer.Ordinal);

    // Of _producers, whose own count takes all its locks.
    private int _count;

    /// <summary>The producer of a name, new if it was never seen.</summary>
    public Producer Get(string name)
    {
        if (_producers.TryGetValue(name, out var known))
        {
            return known;
        }

        var added = new Producer(name);
        var producer = _producers.GetOrAdd(name, added);
        Interlocked.Add(ref _count, producer == added ? 1 : 0);
        return producer;
    }

    /// <summary>The producer of a name; a new one only while there are fewer than a number of them. Connections made at the same time may go over it by one each.</summary>
    /// <exception cref="GridException">TooLarge.</exception>
    public Producer Get(string name, int producersMax) =>
        _producers.TryGetValue(name, out var known) ? known
        : _count < producersMax ? Get(name)
        : throw new GridException(GridErrorCode.TooLarge, $"producer '{name}' is new, and {producersMax} are remembered already, which is the limit (ProducersMax)");

    /// <summary>Forgets a producer that is not connected and never sent a batch. Under its gate.</summary>
    public void ForgetUnused(Producer producer)
    {
        if (producer.IsUnused)
        {
            producer.IsForgotten = true;
            if (_producers.TryRemove(producer.Name, out _))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>The producer of a name, or null if it was never seen.</summary>
    public Producer? Find(string name) => _producers.GetValueOrDefault(name);

    /// <summary>The producers that have a connection, by name.</summary>
    public IEnumerable<Producer> Connected() => _producers.Values.Where(p => p.Owner is not null).OrderBy(p => p.Name, StringComparer.Ordinal);

    /// <summary>All producers in the order of their names.</summary>
    public IReadOnlyList<ProducerStatus> All() => [.. _producers.Values.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Status())];

    /// <summary>Notes a batch read from the journal; nothing if the snapshot before it was ahead and knows of it.</summary>
    public void Replay(string name, ulong epoch, ulong batch, ReadOnlySpan<byte> payload)
    {
        var producer = Get(name);
        if (epoch < producer.Epoch || (epoch == producer.Epoch && batch <= producer.LastBatch))
        {
            return;
        }

        producer.Begin(epoch);
        producer.Take(batch, Producer.Fingerprint(payload));
        producer.SetSequenced(epoch, batch);
        producer.SetDurable(epoch, batch);
    }

    /// <summary>Notes how far a producer's batches are known elsewhere; nothing if that is an older life of it.</summary>
    public void Restore(string name, ulong epoch, ulong batch)
    {
        var producer = Get(name);
        if (epoch >= producer.Epoch)
        {
            producer.Restore(epoch, batch);
        }
    }

    public void Save(SectionPieces pieces)
    {
        foreach (var (_, producer) in _producers)
        {
            if (producer.IsSequenced)
            {
                producer.Save(pieces.Item);
                pieces.EndItem();
                pieces.WriteIfFull();
            }
        }

        pieces.Finish();
    }

    public void Load(ref StateReader reader)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var producer = Producer.Load(ref reader);
            _producers[producer.Name] = producer;
        }

        _count = _producers.Count;
    }
}

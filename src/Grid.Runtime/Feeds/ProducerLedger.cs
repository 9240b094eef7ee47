using System.Collections.Concurrent;
using Grid.Domain;

namespace Grid.Runtime.Feeds;

/// <summary>All producers that ever sent a batch, by name.</summary>
internal sealed class ProducerLedger
{
    private readonly ConcurrentDictionary<string, Producer> _producers = new(StringComparer.Ordinal);

    /// <summary>The producer of a name, new if it was never seen.</summary>
    public Producer Get(string name) => _producers.GetOrAdd(name, static n => new Producer(n));

    /// <summary>The producer of a name, or null if it was never seen.</summary>
    public Producer? Find(string name) => _producers.GetValueOrDefault(name);

    /// <summary>The producers that have a connection, by name.</summary>
    public IEnumerable<Producer> Connected() => _producers.Values.Where(p => p.Owner is not null).OrderBy(p => p.Name, StringComparer.Ordinal);

    /// <summary>All producers in the order of their names.</summary>
    public IReadOnlyList<ProducerStatus> All() => [.. _producers.Values.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => p.Status())];

    /// <summary>Notes a batch read from the journal.</summary>
    public void Replay(string name, ulong epoch, ulong batch, ReadOnlySpan<byte> payload)
    {
        var producer = Get(name);
        producer.Begin(epoch);
        producer.Take(batch, Producer.Fingerprint(payload));
        producer.SetSequenced(epoch, batch);
        producer.SetDurable(epoch, batch);
    }

    public void Save(StateWriter writer)
    {
        var all = _producers.Values.OrderBy(p => p.Name, StringComparer.Ordinal).ToList();
        writer.Put(all.Count);
        foreach (var producer in all)
        {
            producer.Save(writer);
        }
    }

    public void Load(ref StateReader reader)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var producer = Producer.Load(ref reader);
            _producers[producer.Name] = producer;
        }
    }
}

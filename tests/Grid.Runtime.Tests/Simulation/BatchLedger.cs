using Grid.Domain.Validation;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>Names a batch for good.</summary>
internal readonly record struct BatchKey(string Producer, ulong Epoch, ulong Number);

/// <summary>What the producers sent and what they were told: what recovery is checked against.</summary>
internal sealed class BatchLedger
{
    /// <summary>Payloads of all batches that were ever submitted.</summary>
    public Dictionary<BatchKey, byte[]> Sent { get; } = [];

    /// <summary>What was decided of each event, by any life of the grid.</summary>
    public Dictionary<BatchKey, Outcome[]> Decided { get; } = [];

    /// <summary>Batches whose journaled acknowledgement was received.</summary>
    public HashSet<BatchKey> Acknowledged { get; } = [];

    /// <summary>Notes outcomes; those of a batch that was decided before must be the same.</summary>
    public void Decide(BatchKey key, ReadOnlySpan<Outcome> outcomes)
    {
        if (Decided.TryGetValue(key, out var before))
        {
            Assert.True(outcomes.SequenceEqual(before), $"{key} was decided as {Text(before)} and is now {Text(outcomes)}");
            return;
        }

        Decided.Add(key, outcomes.ToArray());
    }

    private static string Text(ReadOnlySpan<Outcome> outcomes) => string.Join(", ", outcomes.ToArray());
}

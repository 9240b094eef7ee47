using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Feeds;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Runtime.Subscriptions;

namespace Grid.Runtime;

/// <summary>
/// All that follows from the journal: names, sources, producers, gaps, instruments. The running grid, recovery and the
/// simulation drive the same image.
/// </summary>
internal sealed class GridImage : IDisposable
{
    public GridImage(RuleBook rules, int quarantineListMax, int cusipsMax)
    {
        Rules = rules;
        Context = new InstrumentContext(Names);
        Quarantine = new Quarantine(quarantineListMax);
        Cusips = new CusipBook(Names, cusipsMax);
        Subscriptions = new SubscriptionHub(Names, Instruments, Cusips);
    }

    public GridNames Names { get; } = new();

    public InstrumentContext Context { get; }

    public RuleBook Rules { get; }

    public ProducerLedger Producers { get; } = new();

    public GapBook Gaps { get; } = new();

    public Quarantine Quarantine { get; }

    public CusipBook Cusips { get; }

    public InstrumentTable Instruments { get; } = new();

    public SubscriptionHub Subscriptions { get; }

    public Shard[] Shards { get; private set; } = [];

    /// <summary>The newest input frame that was applied when the image was recovered.</summary>
    public ulong AppliedLsn { get; set; }

    /// <summary>Adds the shards over their stores.</summary>
    public void SetShards(IReadOnlyList<HistoryStore> stores) =>
        Shards = [.. stores.Select((store, i) => new Shard(this, i, stores.Count, store))];

    /// <summary>The shard that owns an instrument.</summary>
    public Shard ShardOf(InstrumentId id) => Shards[id.Value & (uint)(Shards.Length - 1)];

    /// <summary>Outcomes since the data folder was made.</summary>
    public OutcomeCounts TotalCounts()
    {
        var total = new OutcomeCounts();
        foreach (var shard in Shards)
        {
            total.Add(shard.Counts);
        }

        return total;
    }

    public void Dispose()
    {
        foreach (var shard in Shards)
        {
            shard.Dispose();
        }

        Subscriptions.Dispose();
    }
}

using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Grid.Runtime.Recovery;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;

namespace Grid.Testing;

/// <summary>The shards and nothing else: no journal, no threads, histories in memory unless told otherwise. What a run without any trouble gives.</summary>
internal sealed class PlainGrid : IDisposable
{
    private readonly MarketNames _names;
    private readonly PendingBatch _batch = new();
    private ulong _lsn;

    /// <summary>A grid in which a market's sources are declared.</summary>
    public PlainGrid(MarketNames names, int shards = 1, IHistoryStores? stores = null)
    {
        _names = names;
        Image = new GridImage(RandomMarket.Rules, quarantineListMax: 1000, cusipsMax: 1000);
        stores ??= new MemoryHistoryStores();
        Image.SetShards([.. Enumerable.Range(0, shards).Select(i => stores.Open(i, shards, default))]);
        for (var i = 1; i < names.Declarations.Length; i++)
        {
            Image.Context.Declare(new SourceId((ushort)Image.Names.Sources.GetOrAdd(names.Declarations[i].Name)), names.Declarations[i]);
        }
    }

    /// <summary>All that follows.</summary>
    public GridImage Image { get; }

    /// <summary>Applies events as one batch.</summary>
    public void Apply(IEnumerable<MarketLine> lines)
    {
        _batch.Reset();
        foreach (var line in lines)
        {
            line.AddTo(_batch.Events, Mapped(line.Event));
        }

        _batch.Lsn = ++_lsn;
        _batch.MakeRoomForOutcomes();
        _batch.BeginApplying(Image.Shards.Length);
        Image.Gaps.Observe(_batch.Events.Events, Image.Context);
        foreach (var shard in Image.Shards)
        {
            shard.Process(_batch);
        }
    }

    /// <summary>Both hashes.</summary>
    public (string Market, string Full) Hash() => StateHash.Of(Image);

    /// <inheritdoc/>
    public void Dispose() => Image.Dispose();

    private MarketEvent Mapped(MarketEvent e) => e with
    {
        Instrument = new InstrumentId((uint)Index(NameKind.Instrument, e.Instrument.Value)),
        Source = new SourceId((ushort)Index(NameKind.Source, e.Source.Value)),
        Venue = new VenueId((ushort)Index(NameKind.Venue, e.Venue.Value)),
        Channel = new ChannelId((uint)Index(NameKind.Channel, e.Channel.Value)),
        ReceiveTime = UnixNanos.From(RandomMarket.ReceivedAt),
    };

    private int Index(NameKind kind, uint number) => number == 0 ? 0 : Image.Names[kind].GetOrAdd(_names.ByKind[kind][number]);
}

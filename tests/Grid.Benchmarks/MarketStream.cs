using Grid.Cli.Bench;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Benchmarks;

/// <summary>
/// Batches of a synthetic market (5,000 instruments, Zipf, 1 % late, 0.5 % twice), made once and given again and again: each
/// round goes on where the last ended, in sequence numbers and in time, so that no event was seen before.
/// </summary>
internal sealed class MarketStream
{
    /// <summary>Events of a batch.</summary>
    public const int BatchEvents = 8_192;

    private const int Batches = 64;
    private const int Instruments = 5_000;
    private const long SpacingNs = 300;

    private readonly MarketEvent[][] _batches = new MarketEvent[Batches][];
    private readonly ulong _sequencesPerRound;
    private readonly long _timePerRoundNs;
    private int _next;

    public MarketStream(GridNames names)
    {
        var start = new UnixNanos(1_764_000_000 * UnixNanos.PerSecond);
        var market = new SyntheticMarket(
            new SyntheticMarketOptions { Start = start, Instruments = Instruments, SpacingNs = SpacingNs }, (kind, name) => names[kind].GetOrAdd(name));
        Declaration = market.Declaration;
        Source = new SourceId((ushort)names.Sources.GetOrAdd(Declaration.Name));
        for (var i = 0; i < Batches; i++)
        {
            _batches[i] = new MarketEvent[BatchEvents];
            for (var k = 0; k < BatchEvents; k++)
            {
                market.Next(out _batches[i][k]);
            }
        }

        // Events held back at the end of a round would have come later; the next round leaves their numbers out.
        _sequencesPerRound = (ulong)(market.Trades + market.Quotes);
        _timePerRoundNs = market.Now.Value - start.Value;
    }

    /// <summary>The source of all events.</summary>
    public SourceDeclaration Declaration { get; }

    /// <summary>Its number.</summary>
    public SourceId Source { get; }

    /// <summary>The next batch; valid until the stream comes round to it again.</summary>
    public ReadOnlySpan<MarketEvent> Next()
    {
        var batch = _batches[_next];
        _next = _next + 1 == Batches ? 0 : _next + 1;
        var receivedAt = new UnixNanos(batch[^1].EventTime.Value + _timePerRoundNs);
        for (var i = 0; i < batch.Length; i++)
        {
            ref var e = ref batch[i];
            e.Sequence += _sequencesPerRound;
            e.EventTime = new UnixNanos(e.EventTime.Value + _timePerRoundNs);
            e.ReceiveTime = receivedAt;
        }

        return batch;
    }
}

using System.Text;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Testing;

/// <summary>Puts a few events into a grid through a feed, without a protocol.</summary>
public static class MarketSeed
{
    /// <summary>The first event's time: 2023-11-14T22:13:20.000000001Z.</summary>
    public static readonly UnixNanos Start = new(1_700_000_000_000_000_001);

    /// <summary>
    /// Adds for each symbol a trade (price 100.25, size 10) and a nanosecond later a quote (bid 100.2 for 3, no ask), of
    /// source <c>S</c> on venue <c>XNAS</c>; a second passes from symbol to symbol.
    /// </summary>
    public static async Task AddAsync(IGrid grid, params string[] symbols)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(symbols);
        await using var feed = await grid.OpenFeedAsync(new FeedHello("seed", 1, AckLevel.Received), new Silent(), CancellationToken.None);
        feed.AddName(NameKind.Source, "S"u8);
        feed.AddName(NameKind.Venue, "XNAS"u8);
        await feed.DeclareSourceAsync(new SourceDeclaration { Name = "S", Policy = DedupPolicy.None }, CancellationToken.None);
        var encoder = new EventBatchEncoder();
        for (var i = 0; i < symbols.Length; i++)
        {
            feed.AddName(NameKind.Instrument, Encoding.ASCII.GetBytes(symbols[i]));
            var e = new MarketEvent
            {
                Source = new SourceId(1),
                Venue = new VenueId(1),
                Instrument = new InstrumentId((uint)i + 1),
                Session = 20231114,
                Sequence = (ulong)(2 * i) + 1,
            };
            encoder.Add(e with
            {
                Kind = EventKind.Trade,
                EventTime = new UnixNanos(Start.Value + (i * UnixNanos.PerSecond)),
                F0 = Price.Parse("100.25").Raw,
                F1 = Quantity.Parse("10").Raw,
            });
            encoder.Add(e with
            {
                Kind = EventKind.Quote,
                Flags = EventFlags.BidSet | EventFlags.AskCleared,
                EventTime = new UnixNanos(Start.Value + (i * UnixNanos.PerSecond) + 1),
                Sequence = e.Sequence + 1,
                F0 = Price.Parse("100.2").Raw,
                F1 = Quantity.Parse("3").Raw,
            });
        }

        await feed.SubmitAsync(1, encoder.Finish().ToArray(), CancellationToken.None);
    }

    private sealed class Silent : IFeedListener
    {
        public void Acknowledged(in Acknowledgement acknowledgement)
        {
        }

        public void Closed(Domain.GridException reason)
        {
        }
    }
}

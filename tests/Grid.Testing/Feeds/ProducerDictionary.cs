using System.Text;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Testing;

/// <summary>How one epoch of a producer numbers a market's names: in an order of its own, announced when they are needed.</summary>
internal sealed class ProducerDictionary
{
    private readonly MarketNames _names;

    // By kind: _numbers[k][n] is this producer's number of the market's number n, _order[k][i] the market's number announced as i + 1.
    private readonly int[][] _numbers = new int[4][];
    private readonly int[][] _order = new int[4][];

    /// <summary>A dictionary whose order follows from <paramref name="random"/>; in the market's own order without it.</summary>
    public ProducerDictionary(MarketNames names, Random? random = null)
    {
        _names = names;
        foreach (var (kind, texts) in names.ByKind)
        {
            var order = Enumerable.Range(1, texts.Length - 1).ToArray();
            random?.Shuffle(order);
            var numbers = new int[texts.Length];
            for (var i = 0; i < order.Length; i++)
            {
                numbers[order[i]] = i + 1;
            }

            _order[(int)kind] = order;
            _numbers[(int)kind] = numbers;
        }
    }

    /// <summary>The events as a payload in this producer's numbers.</summary>
    public byte[] Encode(IEnumerable<MarketLine> lines)
    {
        var encoder = new EventBatchEncoder(0);
        foreach (var line in lines)
        {
            line.AddTo(encoder, Mapped(line.Event));
        }

        return encoder.Finish().ToArray();
    }

    /// <summary>How many names of each kind must have been announced for events.</summary>
    public int[] Needed(IEnumerable<MarketLine> lines)
    {
        var needed = new int[4];
        foreach (var line in lines)
        {
            var e = Mapped(line.Event);
            needed[(int)NameKind.Instrument] = Math.Max(needed[(int)NameKind.Instrument], (int)e.Instrument.Value);
            needed[(int)NameKind.Source] = Math.Max(needed[(int)NameKind.Source], e.Source.Value);
            needed[(int)NameKind.Venue] = Math.Max(needed[(int)NameKind.Venue], e.Venue.Value);
            needed[(int)NameKind.Channel] = Math.Max(needed[(int)NameKind.Channel], (int)e.Channel.Value);
        }

        return needed;
    }

    /// <summary>Announces names up to those needed, and gives the sources among them, which are to be declared next.</summary>
    public List<int> Announce(IFeed feed, int[] announced, int[] needed)
    {
        var sources = new List<int>();
        for (var kind = 0; kind < announced.Length; kind++)
        {
            for (; announced[kind] < needed[kind]; announced[kind]++)
            {
                var number = _order[kind][announced[kind]];
                feed.AddName((NameKind)kind, Encoding.ASCII.GetBytes(_names.ByKind[(NameKind)kind][number]));
                if (kind == (int)NameKind.Source)
                {
                    sources.Add(number);
                }
            }
        }

        return sources;
    }

    private MarketEvent Mapped(MarketEvent e) => e with
    {
        Instrument = new InstrumentId((uint)_numbers[(int)NameKind.Instrument][e.Instrument.Value]),
        Source = new SourceId((ushort)_numbers[(int)NameKind.Source][e.Source.Value]),
        Venue = new VenueId((ushort)_numbers[(int)NameKind.Venue][e.Venue.Value]),
        Channel = new ChannelId((uint)_numbers[(int)NameKind.Channel][e.Channel.Value]),
    };
}

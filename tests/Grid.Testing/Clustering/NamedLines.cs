using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Clustering;

namespace Grid.Testing;

/// <summary>Events of a made-up market as the bytes that go to a silo.</summary>
internal static class NamedLines
{
    /// <summary>Named events of some lines.</summary>
    public static byte[] Encode(MarketNames names, IEnumerable<MarketLine> lines)
    {
        var batch = new EventBatch();
        foreach (var line in lines)
        {
            line.AddTo(batch, line.Event);
        }

        return new NamedEventsEncoder(names.ToGridNames()).Encode(batch);
    }

    /// <summary>An event with names in the place of numbers, to compare events of different processes.</summary>
    public static (MarketEvent Event, string Instrument, string Source, string Venue, string Channel) Named(in MarketEvent e, GridNames names) => (
        e with { Instrument = default, Source = default, Venue = default, Channel = default, Detail = 0 },
        names.Symbol(e.Instrument),
        names.Sources.Text(e.Source.Value),
        names.Venues.Text(e.Venue.Value),
        names.Channels.Text((int)e.Channel.Value));
}

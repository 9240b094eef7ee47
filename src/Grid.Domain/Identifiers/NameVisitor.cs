using Grid.Domain.Events;
using Grid.Domain.Instruments;

namespace Grid.Domain.Identifiers;

/// <summary>
/// Is shown each number of a name that a state holds, and may replace it. So the names that a state needs are found when it is
/// saved, and their numbers become those of the process that loads it.
/// </summary>
/// <remarks>Numbers of equal names are replaced by equal numbers; "none" stays "none".</remarks>
public abstract class NameVisitor
{
    /// <summary>Shows a source.</summary>
    public abstract void Visit(ref SourceId id);

    /// <summary>Shows a venue.</summary>
    public abstract void Visit(ref VenueId id);

    /// <summary>Shows a channel.</summary>
    public abstract void Visit(ref ChannelId id);

    /// <summary>Shows an instrument.</summary>
    public abstract void Visit(ref InstrumentId id);

    /// <summary>Shows all names of an event.</summary>
    public void Visit(ref MarketEvent e)
    {
        Visit(ref e.Source);
        Visit(ref e.Venue);
        Visit(ref e.Channel);
        Visit(ref e.Instrument);
    }

    /// <summary>The same domain under the numbers that the visitor wants.</summary>
    internal SequenceDomain Visited(SequenceDomain domain)
    {
        var (source, channel) = (domain.Source, domain.Channel);
        Visit(ref source);
        Visit(ref channel);
        return new SequenceDomain(source, channel, domain.Session);
    }
}

using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Events;

/// <summary>
/// The order of events, the same on every machine and for every order of arrival: event time, source name, session,
/// sequence, and, for events that still tie, their content (channel, kind, flags, venue, conditions, fields).
/// </summary>
public sealed class EventOrder(GridNames names)
{
    /// <summary>Below zero if <paramref name="a"/> comes first; zero only for equal content.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Compare(in MarketEvent a, in MarketEvent b) =>
        a.EventTime.Value != b.EventTime.Value
            ? a.EventTime.Value < b.EventTime.Value ? -1 : 1
            : CompareAtSameTime(in a, in b);

    /// <summary>The order of two sources' names.</summary>
    public int CompareSources(SourceId a, SourceId b) =>
        a == b ? 0 : names.Sources[a.Value].SequenceCompareTo(names.Sources[b.Value]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int CompareAtSameTime(in MarketEvent a, in MarketEvent b)
    {
        var order = CompareSources(a.Source, b.Source);
        order = order != 0 ? order : a.Session.CompareTo(b.Session);
        order = order != 0 ? order : a.Sequence.CompareTo(b.Sequence);
        return order != 0 ? order : CompareContent(in a, in b);
    }

    private int CompareContent(in MarketEvent a, in MarketEvent b)
    {
        var order = a.Channel == b.Channel
            ? 0
            : names.Channels[(int)a.Channel.Value].SequenceCompareTo(names.Channels[(int)b.Channel.Value]);
        order = order != 0 ? order : a.Kind.CompareTo(b.Kind);
        order = order != 0 ? order : (a.Flags & EventFlags.FromFeed).CompareTo(b.Flags & EventFlags.FromFeed);
        order = order != 0 || a.Venue == b.Venue ? order : names.Venues[a.Venue.Value].SequenceCompareTo(names.Venues[b.Venue.Value]);
        order = order != 0 ? order : a.Conditions.CompareTo(b.Conditions);
        order = order != 0 ? order : a.F0.CompareTo(b.F0);
        order = order != 0 ? order : a.F1.CompareTo(b.F1);
        order = order != 0 ? order : a.F2.CompareTo(b.F2);
        return order != 0 ? order : a.F3.CompareTo(b.F3);
    }
}

using Grid.Domain.Cusips;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Subscriptions;

/// <summary>An instrument or a CUSIP that is subscribed to, with those who follow it. Of the hub, under its gates.</summary>
internal sealed class Watch : StateWatch
{
    public Watch(InstrumentState state) => State = state;

    public Watch(Cusip cusip) => Cusip = cusip;

    /// <summary>The instrument; null of a CUSIP.</summary>
    public InstrumentState? State { get; }

    public Cusip Cusip { get; }

    /// <summary>Who follows it.</summary>
    public List<Followed> Followers { get; } = [];

    /// <summary>The round of the hub in which it was last passed on.</summary>
    public long PublishedIn { get; set; }

    public void Add(Followed follower)
    {
        follower.Place = Followers.Count;
        Followers.Add(follower);
    }

    public void Remove(Followed follower)
    {
        var last = Followers[^1];
        Followers[follower.Place] = last;
        last.Place = follower.Place;
        Followers.RemoveAt(Followers.Count - 1);
    }
}

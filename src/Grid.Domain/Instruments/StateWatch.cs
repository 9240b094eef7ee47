namespace Grid.Domain.Instruments;

/// <summary>A mark at a state that somebody watches: its owner notes that it changed, and does no more for it.</summary>
public abstract class StateWatch
{
    /// <summary>The round of its owner in which it was last noted. Of the owner's thread.</summary>
    public long NotedIn { get; set; }
}

namespace Grid.Storage.HotStore;

/// <summary>
/// Where the next block of a hot store goes: a logical offset that only grows. Saved in a snapshot, it says what of the
/// store the snapshot's chains refer to.
/// </summary>
/// <param name="Offset">Bytes since the store's beginning; 0 for a store in which nothing was ever written.</param>
public readonly record struct HotStorePosition(long Offset)
{
    /// <summary>The position of an empty store.</summary>
    public static HotStorePosition Start => default;
}

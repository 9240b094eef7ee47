namespace Grid.Gateway.Access;

/// <summary>What a key is for.</summary>
public enum AccessRole
{
    /// <summary>Sends events of its sources, and nothing else.</summary>
    Feed,

    /// <summary>Asks and subscribes.</summary>
    Read,

    /// <summary>May do everything, for every source.</summary>
    Admin,
}

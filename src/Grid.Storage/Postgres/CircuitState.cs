namespace Grid.Storage.Postgres;

/// <summary>Whether attempts are made.</summary>
public enum CircuitState
{
    /// <summary>All is well, or has not failed often enough.</summary>
    Closed = 0,

    /// <summary>No attempt is made for a while.</summary>
    Open = 1,

    /// <summary>Attempts are made, and the first that fails opens the circuit again.</summary>
    HalfOpen = 2,
}

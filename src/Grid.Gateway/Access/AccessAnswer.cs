using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>What became of a request for access.</summary>
internal enum AccessAnswer
{
    /// <summary>It may go on.</summary>
    Admitted,

    /// <summary>It brought no key.</summary>
    NoKey,

    /// <summary>What it brought has not the form of a key.</summary>
    NotAKey,

    /// <summary>The key's checksum does not fit: a character is wrong or missing.</summary>
    Mistyped,

    /// <summary>There is no such key, or its secret is another. Which of the two is not told.</summary>
    Unknown,

    /// <summary>The key was revoked.</summary>
    Revoked,

    /// <summary>The key's time is over.</summary>
    Expired,

    /// <summary>The key is for something else.</summary>
    WrongRole,

    /// <summary>The key has used up its rate.</summary>
    TooFast,
}

/// <summary>Why access is refused.</summary>
/// <param name="Code">What kind of refusal.</param>
/// <param name="Message">One sentence; never says more of a key than its id, and that only to who has its secret.</param>
/// <param name="RetryAfter">When another attempt makes sense; zero if none does.</param>
internal readonly record struct AccessRefusal(GridErrorCode Code, string Message, TimeSpan RetryAfter)
{
    public GridException ToException() => new(Code, Message);
}

namespace Grid.Testing;

/// <summary>The sources of every made-up market by their numbers.</summary>
internal static class MarketSource
{
    /// <summary>An exchange: policy sequence, contiguous; its numbers leave some out.</summary>
    public const int Exchange = 1;

    /// <summary>A second one: policy sequence, sparse, two channels, with conditions.</summary>
    public const int Venue = 2;

    /// <summary>A dealer of bonds: policy batch, with runs.</summary>
    public const int Dealer = 3;

    /// <summary>A tape without numbers: policy none.</summary>
    public const int Tape = 4;

    /// <summary>One that repeats itself: policy content, without numbers.</summary>
    public const int Echo = 5;

    /// <summary>Reference data: policy sequence, definitions.</summary>
    public const int Reference = 6;
}

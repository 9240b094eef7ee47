namespace Grid.Runtime.Recovery;

/// <summary>What an empty data folder begins with.</summary>
/// <param name="Image">The grid's state, over hot stores in the folder.</param>
/// <param name="Summary">What it was made of, in one line.</param>
/// <param name="Remarks">What a user should know of it.</param>
internal sealed record RestoredImage(GridImage Image, string Summary, IReadOnlyList<string> Remarks);

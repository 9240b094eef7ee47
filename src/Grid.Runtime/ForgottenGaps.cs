namespace Grid.Runtime;

/// <summary>Gaps that were open and are told no more, because there were more of them, or of their domains, than are kept.</summary>
/// <param name="Domains">Sequence domains, with or without open gaps.</param>
/// <param name="Gaps">Gaps.</param>
/// <param name="Numbers">Numbers that are missing in them.</param>
public readonly record struct ForgottenGaps(ulong Domains, ulong Gaps, UInt128 Numbers)
{
    /// <summary>These and some more.</summary>
    public ForgottenGaps Plus(ulong domains, ulong gaps, UInt128 numbers) => new(Domains + domains, Gaps + gaps, Numbers + numbers);
}

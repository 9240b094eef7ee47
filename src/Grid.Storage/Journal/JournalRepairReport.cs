namespace Grid.Storage.Journal;

/// <summary>What <see cref="JournalRepairer"/> did.</summary>
/// <param name="Losses">Exactly what is lost, in order. In the journal a gap frame stands for each.</param>
/// <param name="MovedAside">Damaged segments as they were, under their new names in the journal's folder.</param>
/// <param name="Actions">One sentence for each thing done; none if the journal was whole.</param>
/// <param name="FramesKept">Frames copied from damaged segments.</param>
/// <param name="TornEnd">A torn end, which is no damage: nobody had been promised it. Null if there is none.</param>
public sealed record JournalRepairReport(
    IReadOnlyList<JournalLoss> Losses,
    IReadOnlyList<string> MovedAside,
    IReadOnlyList<string> Actions,
    long FramesKept,
    JournalCut? TornEnd);

using Grid.Domain.Cusips;

namespace Grid.Runtime;

/// <summary>What dealers show for a CUSIP on one date.</summary>
/// <param name="Cusip">The CUSIP.</param>
/// <param name="Dates">The session dates that are kept as yyyymmdd, newest first.</param>
/// <param name="Market">Best bid and ask over dealers; its date is 0 if nothing is known of the date asked for.</param>
/// <param name="Runs">The most recent run of each dealer, in the order of their names.</param>
public sealed record CusipRuns(Cusip Cusip, IReadOnlyList<uint> Dates, CusipMarket Market, IReadOnlyList<DealerRun> Runs);

using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime;

/// <summary>How good the events of one instrument are.</summary>
/// <param name="Instrument">The instrument.</param>
/// <param name="Counts">What became of its events.</param>
/// <param name="LastEvent">Newest event time of an applied event; null if none was applied.</param>
/// <param name="OpenGaps">Open gaps of the sequence domains in which its events are numbered: what is missing may be the instrument's or another's.</param>
public readonly record struct InstrumentQuality(InstrumentId Instrument, InstrumentCounts Counts, UnixNanos? LastEvent, int OpenGaps);

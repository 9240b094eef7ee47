using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Storage.Postgres.Committing;

/// <summary>
/// What one batch of a producer brought to one grain. Its events are added in the order in which they were decided. It is not
/// changed any more once it is handed over.
/// </summary>
public sealed class CommitSlice
{
    internal CommitSlice(GrainClaim grain, string producer, ulong producerEpoch, ulong batch, int capacity)
    {
        GrainKey.CheckName(producer, "producer");
        ArgumentOutOfRangeException.ThrowIfZero(batch);
        Grain = grain;
        Producer = producer;
        ProducerEpoch = producerEpoch;
        Batch = batch;
        Ticks = new List<TickRow>(capacity);
    }

    /// <summary>Whose it is.</summary>
    public GrainClaim Grain { get; }

    /// <summary>Who sent the batch.</summary>
    public string Producer { get; }

    /// <summary>In which life.</summary>
    public ulong ProducerEpoch { get; }

    /// <summary>The batch's number.</summary>
    public ulong Batch { get; }

    /// <summary>Events in it.</summary>
    public int Rows { get; private set; }

    internal List<TickRow> Ticks { get; }

    internal List<RunRow> Runs { get; } = [];

    internal List<RejectedRow> Rejected { get; } = [];

    internal List<DefinitionRow> Definitions { get; } = [];

    /// <summary>What the instrument is by its definitions, if one of them is new; null if it is not known.</summary>
    internal InstrumentDefinition? Current { get; private set; }

    /// <summary>Adds an applied trade, quote, cancel or correction.</summary>
    public void Add(in MarketEvent e, Outcome outcome) => Ticks.Add(Row(in e, outcome));

    /// <summary>Adds an applied run of a session date, given as yyyymmdd.</summary>
    public void Add(in MarketEvent e, Outcome outcome, in RunDetail detail, uint date) => Runs.Add(new RunRow(Row(in e, outcome), detail, date));

    /// <summary>Adds an applied definition.</summary>
    /// <param name="e">The event.</param>
    /// <param name="outcome">What was decided.</param>
    /// <param name="definition">The definition.</param>
    /// <param name="current">What all definitions with it say of the instrument now; null if none of them is valid.</param>
    public void Add(in MarketEvent e, Outcome outcome, InstrumentDefinition definition, InstrumentDefinition? current)
    {
        Definitions.Add(new DefinitionRow(Row(in e, outcome), definition));
        Current = current ?? Current;
    }

    /// <summary>Adds an event for the quarantine.</summary>
    /// <param name="e">The event.</param>
    /// <param name="outcome">Why it was rejected.</param>
    /// <param name="run">The wider part of a run.</param>
    /// <param name="definition">The wider part of a definition.</param>
    /// <param name="message">What the database said, of an event that it refused as a tick; null if the grid itself rejected it.</param>
    public void Reject(in MarketEvent e, Outcome outcome, RunDetail? run = null, InstrumentDefinition? definition = null, string? message = null) =>
        Rejected.Add(new RejectedRow(Row(in e, outcome), Producer, run, definition, message));

    /// <inheritdoc/>
    public override string ToString() => $"batch {Batch} of {Producer} for {Grain}";

    // A grain's tail is found by its instrument.
    private TickRow Row(in MarketEvent e, Outcome outcome) => e.Instrument == Grain.Instrument
        ? new TickRow(e, outcome, Lsn: 0, Rows++)
        : throw new ArgumentException($"an event of instrument number {e.Instrument.Value} was added to a slice of {Grain}, whose number is {Grain.Instrument.Value}");
}

using System.Runtime.CompilerServices;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Decisions;

/// <summary>
/// What becomes of one event: deduplication, then validation, in the order that is the same for a shard, a grain and a replay.
/// Applying what was decided is its owner's.
/// </summary>
internal static class Decision
{
    // Only after a repair of the journal that could not save the declaration.
    private static readonly SourceDeclaration Undeclared = new() { Name = "undeclared", Policy = DedupPolicy.None };

    /// <summary>Decides an event; it counts as seen afterwards.</summary>
    /// <param name="owner">Who has the instrument.</param>
    /// <param name="state">The instrument.</param>
    /// <param name="e">The event.</param>
    /// <param name="declared">What its source declared.</param>
    /// <param name="batch">The batch that it is in, with the wider parts.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Outcome Of(IInstrumentOwner owner, InstrumentState state, in MarketEvent e, SourceDeclaration? declared, EventBatch batch)
    {
        var source = declared ?? Undeclared;
        var seen = Observe(state, in e, source, batch);
        if (seen != Outcome.Accepted)
        {
            return seen;
        }

        var rules = state.RulesAt(e.EventTime);
        switch (e.Kind)
        {
            case EventKind.Trade:
                ref readonly var last = ref state.Last;
                return Validator.Check(in e, RuleContext.OfTrade(rules, source.UnknownInstrument, last.Kind != EventKind.None, last.Price));
            case EventKind.Quote:
                return Validator.Check(in e, RuleContext.OfQuote(rules, source.UnknownInstrument, state.QuoteAfter(in e)));
            case EventKind.Run when !owner.HasRoomFor(batch.Runs[e.Detail].Cusip):
            case EventKind.Definition when !owner.HasRoomFor(batch.Definitions[e.Detail].Cusip):
                return Outcome.Reject(RejectReason.TooManyCusips);
            case EventKind.Run:
                return Validator.Check(in e, RuleContext.OfRun(rules, source.UnknownInstrument, batch.Runs[e.Detail].Cusip));
            case EventKind.Definition when owner.DefinitionsOf(state.Id) is { } log && !log.HasRoomFor(in e, batch.Definitions[e.Detail], owner.Order):
                return Outcome.Reject(RejectReason.TooManyDefinitions);
            case EventKind.Cancel or EventKind.Correct when !state.HasRoomForAmendment(e.EventTime):
                return Outcome.Reject(RejectReason.TooManyAmendments);
            default:
                return Validator.Check(in e, RuleContext.Of(rules, source.UnknownInstrument));
        }
    }

    /// <summary>What deduplication says of an event; the event counts as seen afterwards. Where the outcome is known already, this brings the windows along.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Outcome Observe(InstrumentState state, in MarketEvent e, SourceDeclaration? source, EventBatch batch)
    {
        if (source is { Policy: DedupPolicy.Sequence })
        {
            return e.Sequence == 0
                ? Outcome.Reject(RejectReason.SequenceMissing)
                : state.ObserveSequence(in e) switch
                {
                    SequenceSeen.New => Outcome.Accepted,
                    SequenceSeen.Duplicate => Outcome.Duplicate,
                    SequenceSeen.NoRoom => Outcome.Reject(RejectReason.TooManyWindows),
                    _ => Outcome.Reject(RejectReason.OlderThanWindow),
                };
        }

        return source is { Policy: DedupPolicy.Content } && IsRepeat(state, in e, batch) ? Outcome.Duplicate : Outcome.Accepted;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsRepeat(InstrumentState state, in MarketEvent e, EventBatch batch)
    {
        if (e.Kind is not (EventKind.Run or EventKind.Definition))
        {
            return state.IsRepeat(in e);
        }

        Span<byte> wide = stackalloc byte[GridLimits.EventExtensionBytesMax];
        if (e.Kind == EventKind.Definition)
        {
            return state.IsRepeat(in e, wide[..batch.Definitions[e.Detail].Write(wide)]);
        }

        batch.Runs[e.Detail].Write(wide);
        return state.IsRepeat(in e, wide[..RunDetail.EncodedBytes]);
    }
}

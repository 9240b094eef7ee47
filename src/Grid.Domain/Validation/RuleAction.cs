namespace Grid.Domain.Validation;

/// <summary>What a rule that an event breaks does with it. The numbers are those of <see cref="Dedup.UnknownInstrumentAction"/>.</summary>
public enum RuleAction : byte
{
    /// <summary>The rule is off.</summary>
    Accept = 0,

    /// <summary>The event is applied and marked.</summary>
    Flag = 1,

    /// <summary>The event is quarantined.</summary>
    Reject = 2,
}

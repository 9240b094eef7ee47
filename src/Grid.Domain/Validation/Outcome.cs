namespace Grid.Domain.Validation;

/// <summary>What is done with an event. The numbers are part of the journal format.</summary>
public enum Disposition : byte
{
    /// <summary>Applied.</summary>
    Accepted = 0,

    /// <summary>Applied, and marked with a reason.</summary>
    Flagged = 1,

    /// <summary>Not applied: seen before.</summary>
    Duplicate = 2,

    /// <summary>Not applied: quarantined with a reason.</summary>
    Rejected = 3,
}

/// <summary>What was decided of one event, in one byte: disposition in the high two bits, reason in the low six.</summary>
public readonly record struct Outcome(byte Value)
{
    /// <summary>Accepted without a mark.</summary>
    public static Outcome Accepted => default;

    /// <summary>What is done.</summary>
    public Disposition Disposition => (Disposition)(Value >> 6);

    /// <summary>Why.</summary>
    public RejectReason Reason => (RejectReason)(Value & 63);

    /// <summary>True if the event changes its instrument's state.</summary>
    public bool IsApplied => Value < 128;

    /// <summary>An outcome of its parts.</summary>
    public static Outcome Of(Disposition disposition, RejectReason reason) => new((byte)(((byte)disposition << 6) | (byte)reason));

    /// <summary>Marked.</summary>
    public static Outcome Flag(RejectReason reason) => Of(Disposition.Flagged, reason);

    /// <summary>Refused.</summary>
    public static Outcome Reject(RejectReason reason) => Of(Disposition.Rejected, reason);

    /// <summary>Seen before.</summary>
    public static Outcome Duplicate => Of(Disposition.Duplicate, RejectReason.AlreadySeen);

    /// <summary>For example <c>rejected PriceNotPositive</c>.</summary>
    public override string ToString() => Reason == RejectReason.None
        ? Disposition.ToString()
        : $"{Disposition} {Reason}";
}

namespace Grid.Gateway.Rows;

/// <summary>What a piece of a body was.</summary>
public enum RowKind
{
    /// <summary>An event, which is complete.</summary>
    Event,

    /// <summary>No event: a blank line, a comment, a header.</summary>
    Nothing,

    /// <summary>Malformed; the rows after it stand.</summary>
    Malformed,

    /// <summary>Malformed so that what comes after it cannot be understood.</summary>
    Fatal,
}

/// <summary>One format of rows: where a row ends, and what it says.</summary>
public abstract class RowReader
{
    /// <summary>Bytes of the first row with its end; 0 if its end has not come yet.</summary>
    public abstract int FindEnd(ReadOnlySpan<byte> data);

    /// <summary>True if the row found last may hold line ends besides its own.</summary>
    public virtual bool HoldsLineEnds => false;

    /// <summary>Reads one row, with or without its end, into <paramref name="row"/>.</summary>
    public abstract RowKind Read(ReadOnlySpan<byte> text, EventRow row, out RowFault? fault);

    /// <summary>Is told that nothing more comes; gives what is missing.</summary>
    public virtual RowFault? End() => null;

    /// <summary>The row without its line end.</summary>
    protected static ReadOnlySpan<byte> WithoutEnd(ReadOnlySpan<byte> text)
    {
        text = text is [.., (byte)'\n'] ? text[..^1] : text;
        return text is [.., (byte)'\r'] ? text[..^1] : text;
    }

    /// <summary>The result of reading a row that is an event unless it has a fault.</summary>
    protected static RowKind Finish(RowFault? earlier, EventRow row, out RowFault? fault)
    {
        fault = earlier ?? row.Finish();
        return fault is null ? RowKind.Event : RowKind.Malformed;
    }
}

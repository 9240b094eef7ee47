namespace Grid.Gateway.Http.Rows;

/// <summary>What a column holds.</summary>
internal enum ColumnKind
{
    /// <summary>Text.</summary>
    Text,

    /// <summary>An exact decimal; in JSON a string, so that no reader rounds it.</summary>
    Decimal,

    /// <summary>ISO 8601 in UTC with nanoseconds.</summary>
    Time,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>A measured number, which need not be whole; never in rows.</summary>
    Real,

    /// <summary>True or false.</summary>
    Flag,

    /// <summary>A JSON array of texts; never in rows.</summary>
    Texts,

    /// <summary>A JSON object; never in rows.</summary>
    Object,

    /// <summary>A JSON array of objects; never in rows.</summary>
    List,
}

/// <summary>One column of rows, or one property of an object: for writing it and for describing it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Example">A value it may have.</param>
/// <param name="Description">What it says.</param>
/// <param name="MayBeNull">True if there may be nothing: null in JSON, empty in CSV.</param>
internal sealed record Column(string Name, ColumnKind Kind, string Example, string Description, bool MayBeNull = false)
{
    public static Column Text(string name, string example, string description) => new(name, ColumnKind.Text, example, description);

    public static Column Decimal(string name, string example, string description) => new(name, ColumnKind.Decimal, example, description);

    public static Column Time(string name, string description) => new(name, ColumnKind.Time, "2013-10-07T13:30:00.123456789Z", description);

    public static Column Number(string name, string example, string description) => new(name, ColumnKind.Number, example, description);

    public static Column Real(string name, string example, string description) => new(name, ColumnKind.Real, example, description);

    public static Column Texts(string name, string example, string description) => new(name, ColumnKind.Texts, example, description);

    public static Column Flag(string name, string description) => new(name, ColumnKind.Flag, "true", description);

    public static Column Object(string name, RowShape inner, string description) => new(name, ColumnKind.Object, string.Empty, description) { Inner = inner };

    public static Column List(string name, RowShape inner, string description) => new(name, ColumnKind.List, string.Empty, description) { Inner = inner };

    /// <summary>The properties of an object, or of a list's objects.</summary>
    public RowShape? Inner { get; init; }

    /// <summary>The same column, which may hold nothing.</summary>
    public Column OrNull() => this with { MayBeNull = true };
}

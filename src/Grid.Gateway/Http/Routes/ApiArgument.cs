namespace Grid.Gateway.Http.Routes;

/// <summary>Where a request has an argument.</summary>
internal enum ArgumentPlace
{
    Query,
    Path,
    Header,
}

/// <summary>One argument of a route.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">The JSON schema of its value.</param>
/// <param name="Example">A value it may have.</param>
/// <param name="Description">What it says.</param>
internal sealed record ApiArgument(string Name, string Schema, string Example, string Description)
{
    private const string AnyText = """{"type":"string"}""";
    private const string AnyTime = """{"type":"string","format":"date-time"}""";

    public static readonly ApiArgument Symbol = new(
        "symbol", """{"type":"string","minLength":1,"maxLength":64}""", "AAPL", "The instrument. A slash in it may be written as it is or as %2F.") { Place = ArgumentPlace.Path };

    public static readonly ApiArgument Cusip = new("cusip", """{"type":"string","minLength":9,"maxLength":9}""", "037833100", "The CUSIP.") { Place = ArgumentPlace.Path };

    public static readonly ApiArgument Pattern = new(
        "pattern", AnyText, "A*", "Instruments whose symbol fits: * stands for any text, ? for one character. In the order of symbols.");

    public static readonly ApiArgument From = new("from", AnyTime, "2013-10-07T13:30:00Z", "The first moment; from the beginning unless given.");

    public static readonly ApiArgument To = new("to", AnyTime, "2013-10-07T20:00:00Z", "The moment before which it ends; to the end unless given.");

    public static readonly ApiArgument Limit = new(
        "limit", """{"type":"integer","minimum":1,"default":1000}""", "100", "Most rows; 1,000 unless given, and at most what the server allows (option RowsMax).");

    public static readonly ApiArgument Format = new(
        "format", """{"type":"string","enum":["json","csv","ndjson"],"default":"json"}""", "json", "How rows are written: one JSON array, CSV with a header, or a JSON object a line.");

    public static readonly ApiArgument Cursor = new(
        "cursor", AnyText, string.Empty, "What Grid-Next of the page before said; all other arguments but limit and format must be the same as then.");

    /// <summary>Where it stands.</summary>
    public ArgumentPlace Place { get; init; }
}

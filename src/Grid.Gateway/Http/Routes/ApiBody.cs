using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Http.Routes;

/// <summary>What the body of a request may be.</summary>
/// <param name="Types">The content types that are taken, the usual one first.</param>
/// <param name="Shape">The columns of its rows; null for the text of a protocol.</param>
/// <param name="Example">Of a text.</param>
internal sealed record ApiBody(IReadOnlyList<string> Types, RowShape? Shape, string Example = "")
{
    public const string Json = "application/json";
    public const string Ndjson = "application/x-ndjson";
    public const string Csv = "text/csv";

    /// <summary>The columns that each row has.</summary>
    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>A JSON array of objects.</summary>
    public static ApiBody Items(RowShape shape, params IReadOnlyList<string> required) => new([Json], shape) { Required = required };

    /// <summary>Rows as a JSON array of objects, as a JSON object a line, or as CSV.</summary>
    public static ApiBody Rows(RowShape shape, params IReadOnlyList<string> required) => new([Json, Ndjson, Csv], shape) { Required = required };

    /// <summary>Text of a protocol.</summary>
    public static ApiBody Text(string example) => new(["text/plain"], null, example);
}

/// <summary>What a route's refusals are, where they are not only problem details.</summary>
/// <param name="Shape">Their members.</param>
/// <param name="IsProblem">True if the members stand beside those of problem details; false if they are all there is, as JSON.</param>
internal sealed record ApiRefusal(RowShape Shape, bool IsProblem);

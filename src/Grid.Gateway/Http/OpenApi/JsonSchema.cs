using System.Text.Json.Nodes;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>JSON schemas and examples of shapes.</summary>
internal static class JsonSchema
{
    /// <summary>The schema of an object that the server answers with.</summary>
    public static JsonObject Of(RowShape shape) => Object(shape.Columns.Where(c => !c.MayBeNull).Select(c => c.Name), shape.Columns.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Name, Of(c))));

    /// <summary>The schema of an object that is sent to the server: numbers may be texts, so that they stay exact, and no other property is taken.</summary>
    /// <param name="shape">Its properties.</param>
    /// <param name="required">Those that it must have.</param>
    public static JsonObject OfInput(RowShape shape, IReadOnlyList<string> required)
    {
        var schema = Object(required, shape.Columns.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Name, OfInput(c))));
        schema["additionalProperties"] = false;
        return schema;
    }

    public static JsonObject ArrayOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    /// <summary>An object with the example of each property that has one.</summary>
    public static JsonObject Example(RowShape shape) => new(WithExample(shape).Select(c => KeyValuePair.Create(c.Name, Example(c))));

    /// <summary>The header and one row.</summary>
    public static string ExampleCsv(RowShape shape) =>
        string.Join(',', WithExample(shape).Select(c => c.Name)) + "\n" + string.Join(',', WithExample(shape).Select(c => c.Example)) + "\n";

    private static IEnumerable<Column> WithExample(RowShape shape) => shape.Columns.Where(c => c.Inner is not null || c.Kind == ColumnKind.Texts || c.Example.Length > 0);

    private static JsonObject Object(IEnumerable<string> required, IEnumerable<KeyValuePair<string, JsonNode?>> properties) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray([.. required.Select(name => (JsonNode)name)]),
        ["properties"] = new JsonObject(properties),
    };

    private static JsonObject OfInput(Column column)
    {
        var schema = Of(column with { MayBeNull = true });
        if (column.Kind is ColumnKind.Decimal or ColumnKind.Number or ColumnKind.Time)
        {
            schema["type"] = new JsonArray("string", "number", "null");
        }

        return schema;
    }

    private static JsonObject Of(Column column)
    {
        if (column.Inner is { } inner)
        {
            var schema = column.Kind == ColumnKind.List ? ArrayOf(Of(inner)) : Of(inner);
            schema["description"] = column.Description;
            if (column.MayBeNull)
            {
                schema["type"] = new JsonArray((string)schema["type"]!, "null");
            }

            return schema;
        }

        if (column.Kind == ColumnKind.Texts)
        {
            var texts = ArrayOf(new JsonObject { ["type"] = "string" });
            texts["description"] = column.Description;
            return texts;
        }

        var type = column.Kind switch
        {
            ColumnKind.Number => "integer",
            ColumnKind.Real => "number",
            ColumnKind.Flag => "boolean",
            _ => "string",
        };
        var plain = new JsonObject { ["type"] = column.MayBeNull ? new JsonArray(type, "null") : type, ["description"] = column.Description };
        if (column.Kind is ColumnKind.Time or ColumnKind.Decimal)
        {
            plain["format"] = column.Kind == ColumnKind.Time ? "date-time" : "decimal";
        }

        return plain;
    }

    private static JsonNode? Example(Column column) => column.Kind switch
    {
        ColumnKind.Object => Example(column.Inner!),
        ColumnKind.List => new JsonArray(Example(column.Inner!)),
        ColumnKind.Texts => column.Example.Length > 0 ? new JsonArray(column.Example) : new JsonArray(),
        ColumnKind.Number or ColumnKind.Real or ColumnKind.Flag => JsonNode.Parse(column.Example),
        _ => column.Example,
    };
}

using System.Text.Json.Nodes;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>JSON schemas and examples of shapes.</summary>
internal static class JsonSchema
{
    /// <summary>The schema of an object.</summary>
    /// <param name="shape">Its properties.</param>
    /// <param name="isInput">True for what is sent to the server: only the first property is needed then, and no other is taken.</param>
    public static JsonObject Of(RowShape shape, bool isInput = false)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray([.. shape.Columns.Where((c, i) => isInput ? i == 0 : !c.MayBeNull).Select(c => (JsonNode)c.Name)]),
            ["properties"] = new JsonObject(shape.Columns.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Name, Of(c)))),
        };
        if (isInput)
        {
            schema["additionalProperties"] = false;
        }

        return schema;
    }

    public static JsonObject ArrayOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items };

    /// <summary>An object with the example of each property.</summary>
    public static JsonObject Example(RowShape shape) => new(shape.Columns.Select(c => KeyValuePair.Create(c.Name, Example(c))));

    /// <summary>The header and one row.</summary>
    public static string ExampleCsv(RowShape shape) => string.Join(',', shape.Columns.Select(c => c.Name)) + "\n" + string.Join(',', shape.Columns.Select(c => c.Example)) + "\n";

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
        ColumnKind.Texts => new JsonArray(column.Example),
        ColumnKind.Number or ColumnKind.Real or ColumnKind.Flag => JsonNode.Parse(column.Example),
        _ => column.Example,
    };
}

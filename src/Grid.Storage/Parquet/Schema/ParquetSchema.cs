using Grid.Storage.Parquet.Metadata;

namespace Grid.Storage.Parquet.Schema;

/// <summary>The columns of a file: the leaves of the footer's tree, in its order.</summary>
public sealed class ParquetSchema
{
    private ParquetSchema(List<ParquetColumn> columns) => Columns = columns;

    /// <summary>All of them, also those that cannot be read.</summary>
    public IReadOnlyList<ParquetColumn> Columns { get; }

    /// <summary>The column of a name, null if there is none.</summary>
    public ParquetColumn? Find(string name) => Columns.FirstOrDefault(c => c.Name == name);

    internal static ParquetSchema From(List<SchemaElement> elements)
    {
        if (elements.Count == 0)
        {
            throw new ParquetFormatException("the schema is empty");
        }

        var columns = new List<ParquetColumn>();
        var path = new List<string>();
        var next = 1;
        for (var i = 0; i < elements[0].Children; i++)
        {
            Add(elements, ref next, path, columns);
        }

        return next != elements.Count ? throw new ParquetFormatException($"the schema has {elements.Count} elements, of which its tree uses {next}")
            : columns.Count == 0 ? throw new ParquetFormatException("the schema has no columns")
            : new ParquetSchema(columns);
    }

    private static void Add(List<SchemaElement> elements, ref int next, List<string> path, List<ParquetColumn> columns)
    {
        if (next == elements.Count || path.Count == ParquetLimits.DepthMax)
        {
            throw new ParquetFormatException(next == elements.Count ? "the schema ends within a group" : $"the schema is nested deeper than {ParquetLimits.DepthMax}");
        }

        var element = elements[next++];
        path.Add(element.Name);
        if (element.Type is not null)
        {
            columns.Add(ParquetColumn.From(columns.Count, path, element, path.Count > 1));
        }

        for (var i = 0; element.Type is null && i < element.Children; i++)
        {
            Add(elements, ref next, path, columns);
        }

        path.RemoveAt(path.Count - 1);
    }
}

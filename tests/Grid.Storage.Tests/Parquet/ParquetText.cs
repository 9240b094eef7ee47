using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Text;

namespace Grid.Storage.Tests.Parquet;

/// <summary>Reads files as text, the way <c>grid parquet cat</c> does.</summary>
internal static class ParquetText
{
    public static List<string?[]> ReadAll(string path, IEnumerable<string>? columns = null, IReadOnlyList<ParquetRange>? ranges = null)
    {
        using var file = ParquetFile.Open(path);
        var reader = file.Read(columns, ranges);
        var rows = new List<string?[]>();
        while (reader.NextBatch())
        {
            for (var row = 0; row < reader.Rows; row++)
            {
                rows.Add(ReadRow(reader, row));
            }
        }

        return rows;
    }

    private static string?[] ReadRow(ParquetReader reader, int row)
    {
        var values = new string?[reader.Columns.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var slice = reader[i];
            values[i] = slice.IsNull(row) ? null : ValueText.Format(slice.Column, slice.Bytes(row)).Text;
        }

        return values;
    }
}

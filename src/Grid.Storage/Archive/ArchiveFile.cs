using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Storage.Parquet;

namespace Grid.Storage.Archive;

/// <summary>Writes one file of the archive.</summary>
internal static class ArchiveFile
{
    // A page is what a reader can pass over: at 20,000 rows of 5,000 instruments, most instruments lie in one or two.
    private static readonly IReadOnlyList<ParquetSorting> Sorting = [new("instrument"), new("time")];

    /// <summary>Writes rows that are sorted by instrument and time.</summary>
    public static void Write(
        Stream target, ArchiveKind kind, ReadOnlySpan<ArchiveRow> rows, GridNames names, ArchiveOptions options, (ulong After, ulong Through) journal)
    {
        var columns = ArchiveColumn.Of(kind);
        var fields = new ParquetField[columns.Count];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = columns[i].FieldFor(rows);
        }

        using var writer = new ParquetWriter(target, fields, new ParquetWriterOptions
        {
            Codec = options.Codec,
            Sorting = Sorting,
            Properties = new Dictionary<string, string>
            {
                ["grid.journal.after"] = journal.After.ToString(CultureInfo.InvariantCulture),
                ["grid.journal.through"] = journal.Through.ToString(CultureInfo.InvariantCulture),
            },
        });
        foreach (ref readonly var row in rows)
        {
            for (var i = 0; i < fields.Length; i++)
            {
                columns[i].Append(writer[i], in row, names);
            }

            writer.EndRow();
        }

        writer.Finish();
    }
}

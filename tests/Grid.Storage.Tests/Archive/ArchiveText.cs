using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Grid.Storage.Archive;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Tests.Archive;

/// <summary>Rows of an archive's files as text: name=value for each value that is neither null nor false.</summary>
internal static class ArchiveText
{
    public static IEnumerable<string> Of(string dataFolder, ArchivePart part)
    {
        using var file = ParquetFile.Open(Path.Combine(dataFolder, ArchiveFolder.FolderName, part.File));
        var reader = file.Read();
        while (reader.NextBatch())
        {
            for (var row = 0; row < reader.Rows; row++)
            {
                var text = new StringBuilder();
                for (var column = 0; column < reader.Columns.Count; column++)
                {
                    var value = reader[column].IsNull(row) ? string.Empty : Value(reader.Columns[column], reader[column].Bytes(row));
                    if (value.Length > 0)
                    {
                        text.Append(reader.Columns[column].Name).Append('=').Append(value).Append(' ');
                    }
                }

                yield return text.ToString();
            }
        }
    }

    private static string Value(ParquetColumn column, ReadOnlySpan<byte> bytes) => column.Type switch
    {
        PhysicalType.Boolean => bytes[0] != 0 ? "1" : string.Empty,
        PhysicalType.Int32 => BinaryPrimitives.ReadUInt32LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
        PhysicalType.Int64 when column.Logical is { Kind: LogicalKind.Integer, IsSigned: false } => BinaryPrimitives.ReadUInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
        PhysicalType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes).ToString(CultureInfo.InvariantCulture),
        PhysicalType.FixedLenByteArray => BinaryPrimitives.ReadInt128BigEndian(bytes).ToString(CultureInfo.InvariantCulture),
        _ => Encoding.UTF8.GetString(bytes),
    };
}

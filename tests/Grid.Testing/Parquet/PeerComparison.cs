using System.Globalization;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Xunit;

namespace Grid.Testing.Parquet;

/// <summary>Compares values as Grid and as another reader tell them.</summary>
internal static class PeerComparison
{
    private const string MicrosFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff";

    /// <summary>Fails unless every value of every row is the same.</summary>
    /// <param name="what">What is compared, for the message.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="ours">Values as <c>grid parquet cat</c> has them.</param>
    /// <param name="theirs">What the other reader has.</param>
    public static void AssertSame(string what, IReadOnlyList<ParquetColumn> columns, IReadOnlyList<string?[]> ours, PeerTable theirs)
    {
        Assert.True(theirs.Error is null, $"{what}: {theirs.Error}");
        Assert.True(ours.Count == theirs.Rows.Length, $"{what}: {ours.Count} rows, the other reader has {theirs.Rows.Length}");
        for (var row = 0; row < ours.Count; row++)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                if (!IsSame(columns[i], theirs.Types[i], ours[row][i], theirs.Rows[row][i]))
                {
                    Assert.Fail($"{what}: row {row}, column '{columns[i].Name}' ({columns[i].Type} {columns[i].Logical}; {theirs.Types[i]}): "
                        + $"{ours[row][i] ?? "null"}, the other reader has {theirs.Rows[row][i] ?? "null"}");
                }
            }
        }
    }

    private static bool IsSame(ParquetColumn column, string theirType, string? ours, string? theirs)
    {
        if (ours is null || theirs is null)
        {
            return ours is null && theirs is null;
        }

        if (column.Type is PhysicalType.Float or PhysicalType.Double || column.Logical.Kind == LogicalKind.Float16)
        {
            return BitConverter.DoubleToInt64Bits(Parse(column, ours)) == BitConverter.DoubleToInt64Bits(double.Parse(theirs, CultureInfo.InvariantCulture));
        }

        // Others hold old timestamps in 64 bits, which wraps those of other ages. DuckDB has microseconds, or nanoseconds
        // where there is no zone.
        if (column.Type == PhysicalType.Int96 && (ours[0] is '+' or '-'))
        {
            return true;
        }

        ours = theirType is "TIMESTAMP" or "TIMESTAMP WITH TIME ZONE" ? ToMicros(ours) : ours;
        ours = column.Logical.Kind == LogicalKind.Timestamp && theirType == "TIMESTAMP_NS" ? ours.TrimEnd('Z') : ours;
        return ours == theirs;
    }

    // Cut towards 1970, as DuckDB does.
    private static string ToMicros(string text)
    {
        const int MicrosLength = 26;
        var time = DateTime.ParseExact(text[..MicrosLength], MicrosFormat, CultureInfo.InvariantCulture);
        time = time.Year < 1970 && !text.AsSpan(MicrosLength).StartsWith("000") ? time.AddMicroseconds(1) : time;
        return $"{time.ToString(MicrosFormat, CultureInfo.InvariantCulture)}000{(text.EndsWith('Z') ? "Z" : string.Empty)}";
    }

    private static double Parse(ParquetColumn column, string text) => column.Type switch
    {
        PhysicalType.Float => float.Parse(text, CultureInfo.InvariantCulture),
        PhysicalType.Double => double.Parse(text, CultureInfo.InvariantCulture),
        _ => (double)Half.Parse(text, CultureInfo.InvariantCulture),
    };
}

using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Grid.Testing;
using Grid.Testing.Parquet;

namespace Grid.Storage.Tests.Parquet;

/// <summary>What Grid says of the values that it writes, as DuckDB reads it, beside what the values are.</summary>
public sealed partial class WrittenStatisticsTests : IDisposable
{
    private const int Tables = 150;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task DuckDB_reads_the_bounds_and_nulls_that_the_values_have()
    {
        var tables = WriteAll();
        var lines = (await ParquetPeers.RunAsync(["metadata.mjs", .. tables.Select(t => t.Path)])).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Tables, lines.Length);
        var compared = 0;
        foreach (var ((path, table), line) in tables.Zip(lines))
        {
            var theirs = JsonSerializer.Deserialize<string?[][]>(line)!;
            var next = 0;
            foreach (var group in table.Rows.Chunk(table.Options.RowGroupRowsMax))
            {
                for (var i = 0; i < table.Fields.Count; i++, next++)
                {
                    AssertBounds(Path.GetFileName(path), table.Fields[i], [.. group.Select(row => row[i])], theirs[next]);
                    compared++;
                }
            }

            Assert.Equal(next, theirs.Length);
        }

        Assert.True(compared > 1_000, $"only {compared} column chunks were compared");
    }

    // DuckDB passes over row groups by bounds and bloom filters: wrong ones would lose rows here.
    [Fact]
    public async Task DuckDB_finds_every_row_by_its_value()
    {
        var queries = new List<(string What, string Line, int Expected)>();
        foreach (var (path, table) in WriteAll())
        {
            var random = new Random(table.Rows.Count);
            for (var i = 0; i < table.Fields.Count && table.Rows.Count > 0; i++)
            {
                if (table.Rows[random.Next(table.Rows.Count)][i] is { } value && Literal(table.Fields[i], value) is { } literal)
                {
                    var where = JsonSerializer.Serialize(new { file = path, where = $"{table.Fields[i].Name} = {literal}" });
                    queries.Add(($"{Path.GetFileName(path)}, {table.Fields[i]}, {table.Options.Codec}, bounds of {table.Options.BoundBytesMax}, {literal}", where, table.Rows.Count(row => row[i].AsSpan().SequenceEqual(value) && row[i] is not null)));
                }
            }
        }

        Assert.True(queries.Count > 200, $"only {queries.Count} queries");
        var file = _folder.File("queries");
        await File.WriteAllLinesAsync(file, queries.Select(q => q.Line), TestContext.Current.CancellationToken);
        var counts = (await ParquetPeers.RunAsync("counts.mjs", file)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(queries.Count, counts.Length);
        var wrong = queries.Zip(counts).Where(q => q.First.Expected.ToString() != q.Second).Select(q => $"{q.First.What}: {q.Second} of {q.First.Expected} rows").ToList();
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {queries.Count}:\n{string.Join('\n', wrong.Take(10))}");
    }

    private List<(string Path, RandomTable Table)> WriteAll()
    {
        var tables = Enumerable.Range(1, Tables).Select(seed => (Path: _folder.File($"{seed}.parquet"), Table: new RandomTable(seed, forDuckDb: true))).ToList();
        tables.ForEach(t => t.Table.Write(t.Path));
        return tables;
    }

    private static void AssertBounds(string what, ParquetField field, byte[]?[] column, string?[] theirs)
    {
        what = $"{what}, column {theirs[1]} ({field.Type} {field.Logical}), row group {theirs[0]}: {theirs[2]} to {theirs[3]}";
        var values = column.OfType<byte[]>().ToList();
        Assert.True(theirs[4] == (column.Length - values.Count).ToString(), $"{what}: {theirs[4]} nulls");
        if (field.Type == PhysicalType.ByteArray || (field.Type == PhysicalType.FixedLenByteArray && field.Logical.Kind == LogicalKind.None))
        {
            AssertByteBounds(what, field, values, theirs);
            return;
        }

        if (field.Type == PhysicalType.Double)
        {
            var numbers = values.Select(v => BinaryPrimitives.ReadDoubleLittleEndian(v)).Where(d => !double.IsNaN(d)).Order().ToList();
            Assert.True(numbers.Count > 0 || (theirs[2], theirs[3]) == (null, null), what);
            Assert.True(numbers.Count == 0 || IsSame(numbers[0] == 0 ? -0.0 : numbers[0], theirs[2]), what);
            Assert.True(numbers.Count == 0 || IsSame(numbers[^1] == 0 ? 0.0 : numbers[^1], theirs[3]), what);
            return;
        }

        var sorted = values.Select(v => Number(field, v)).Order().ToList();
        Assert.True((theirs[2], theirs[3]) == (sorted.Count == 0 ? (null, null) : (Text(field, sorted[0]), Text(field, sorted[^1]))), what);
    }

    private static void AssertByteBounds(string what, ParquetField field, List<byte[]> values, string?[] theirs)
    {
        values.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        Assert.True((theirs[2] is null) == (values.Count == 0), what);
        if (values.Count > 0)
        {
            var (min, max) = (Bytes(field, theirs[2]!), Bytes(field, theirs[3]!));
            Assert.True(values[0].AsSpan().StartsWith(min), $"{what}: the minimum is no beginning of {Convert.ToHexString(values[0])}");
            Assert.True(max.AsSpan().SequenceCompareTo(values[^1]) >= 0, $"{what}: the maximum is below {Convert.ToHexString(values[^1])}");
        }
    }

    // Of what is not finite DuckDB says nothing.
    private static bool IsSame(double ours, string? theirs) => theirs is null ? !double.IsFinite(ours)
        : BitConverter.DoubleToInt64Bits(ours) == BitConverter.DoubleToInt64Bits(double.Parse(theirs.Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture));

    private static BigInteger Number(ParquetField field, byte[] value) => field.Type switch
    {
        PhysicalType.Boolean => value[0],
        PhysicalType.FixedLenByteArray => new BigInteger(value, isBigEndian: true),
        _ => new BigInteger(value, isUnsigned: field.Logical is { Kind: LogicalKind.Integer, IsSigned: false }),
    };

    // As DuckDB writes it, which has times of UTC in microseconds, cut towards 1970.
    private static string Text(ParquetField field, BigInteger number)
    {
        switch (field.Logical.Kind)
        {
            case LogicalKind.Decimal:
                var digits = BigInteger.Abs(number).ToString().PadLeft(field.Logical.Scale + 1, '0');
                return $"{(number.Sign < 0 ? "-" : string.Empty)}{digits[..^field.Logical.Scale]}.{digits[^field.Logical.Scale..]}";
            case LogicalKind.Timestamp:
                var time = DateTime.UnixEpoch.AddTicks(10 * (long)(number / 1000));
                var fraction = $"{time:ffffff}".TrimEnd('0');
                return $"{time:yyyy-MM-dd HH:mm:ss}{(fraction.Length == 0 ? string.Empty : $".{fraction}")}+00";
            case LogicalKind.Date:
                return number.IsZero ? "1970-01-01" : DateText((int)number);
            default:
                return field.Type == PhysicalType.Boolean ? (number.IsZero ? "false" : "true") : number.ToString();
        }
    }

    // The calendar repeats after 400 years of 146,097 days, and DuckDB counts years before the first as "(BC)".
    private static string DateText(int days)
    {
        var eras = (int)Math.Floor(days / 146_097.0);
        var date = DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + days - (eras * 146_097));
        var year = date.Year + (400 * eras);
        return year > 0 ? $"{year:0000}-{date:MM-dd}" : $"{1 - year:0000}-{date:MM-dd} (BC)";
    }

    private static byte[] Bytes(ParquetField field, string text)
    {
        if (field.Logical.Kind == LogicalKind.String)
        {
            return Encoding.UTF8.GetBytes(text);
        }

        return Encoding.Latin1.GetBytes(Escaped().Replace(text, m => ((char)byte.Parse(m.Groups[1].Value, NumberStyles.HexNumber)).ToString()));
    }

    // Null for what cannot be compared so. DuckDB looks a blob's text up in bloom filters, also in its own, and so misses what is not ASCII.
    private static string? Literal(ParquetField field, byte[] value) => (field.Type, field.Logical.Kind) switch
    {
        (PhysicalType.Double, _) => null,
        (PhysicalType.ByteArray or PhysicalType.FixedLenByteArray, LogicalKind.None) when field.HasBloomFilter && !value.All(b => char.IsAsciiLetterOrDigit((char)b)) => null,
        (PhysicalType.ByteArray, LogicalKind.String) => $"'{Encoding.UTF8.GetString(value).Replace("'", "''", StringComparison.Ordinal)}'",
        (PhysicalType.ByteArray, _) => $"'{string.Concat(value.Select(b => $"\\x{b:X2}"))}'::blob",
        (PhysicalType.FixedLenByteArray, LogicalKind.None) => $"'{string.Concat(value.Select(b => $"\\x{b:X2}"))}'::blob",
        (_, LogicalKind.Date or LogicalKind.Timestamp) => null,
        (PhysicalType.Boolean, _) => Text(field, Number(field, value)),
        (_, LogicalKind.Decimal) => $"'{Text(field, Number(field, value))}'::decimal({field.Logical.Precision},{field.Logical.Scale})",
        _ => Text(field, Number(field, value)),
    };

    [GeneratedRegex(@"\\x([0-9A-F]{2})")]
    private static partial Regex Escaped();
}

using System.Buffers.Binary;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Text;
using Grid.Testing;

namespace Grid.Storage.Tests.Parquet;

/// <summary>Files with bits flipped, ends cut off and lengths changed: each is read to its end or refused with its place, within bounds.</summary>
public sealed class HostileFileTests : IDisposable
{
    private const int Seed = 20240501;

    // No file of the set has more than 4 MB of values; damage may make a reader allocate a page of the largest size, and not many of them.
    private const long AllocatedBytesMax = 1L << 30;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_real_files_are_read_or_refused_with_their_place()
    {
        var rounds = Environment.GetEnvironmentVariable("GRID_TEST_LONG") == "1" ? 400 : 12;
        var random = new Random(Seed);
        var refused = 0;
        foreach (var path in Directory.GetFiles(SharedData.Require("parquet", "apache-parquet-testing"), "*.parquet").Order(StringComparer.Ordinal))
        {
            var bytes = File.ReadAllBytes(path);
            for (var round = 0; round < rounds && bytes.Length < 1 << 20; round++)
            {
                refused += Try(Damage(bytes, random), $"{Path.GetFileName(path)}, round {round} of seed {Seed}");
            }
        }

        Assert.True(refused > 100, $"only {refused} files were refused: was anything damaged?");
    }

    [Fact]
    public void Damaged_files_of_our_own_are_read_or_refused_with_their_place()
    {
        var random = new Random(Seed);
        var refused = 0;
        for (var seed = 1; seed <= 60; seed++)
        {
            var path = _folder.File("whole.parquet");
            new RandomTable(seed).Write(path);
            var bytes = File.ReadAllBytes(path);
            for (var round = 0; round < 20; round++)
            {
                refused += Try(Damage(bytes, random), $"table {seed}, round {round} of seed {Seed}");
            }
        }

        Assert.True(refused > 100, $"only {refused} files were refused: was anything damaged?");
    }

    [Fact]
    public void Every_cut_of_a_file_is_refused()
    {
        var path = _folder.File("whole.parquet");
        new RandomTable(3).Write(path);
        var bytes = File.ReadAllBytes(path);
        for (var length = 0; length < bytes.Length; length += 1 + (bytes.Length / 500))
        {
            Assert.Equal(1, Try(bytes[..length], $"cut to {length}"));
        }
    }

    [Fact]
    public void Fault_names_column_row_group_page_and_offset()
    {
        var path = _folder.File("hostile.parquet");
        using (var stream = File.Create(path))
        {
            var options = new ParquetWriterOptions { Codec = ParquetCodec.Uncompressed, PageRowsMax = 10, RowGroupRowsMax = 100 };
            using var writer = new ParquetWriter(stream, [new ParquetField("n", PhysicalType.Int64) { Encoding = ParquetEncoding.Plain }], options);
            for (var i = 0L; i < 200; i++)
            {
                writer[0].Append(i);
                writer.EndRow();
            }

            writer.Finish();
        }

        var bytes = File.ReadAllBytes(path);
        ReadOnlySpan<byte> twoValues = [155, 0, 0, 0, 0, 0, 0, 0, 156];
        bytes[bytes.AsSpan().IndexOf(twoValues)] = 0;
        File.WriteAllBytes(path, bytes);

        var refused = Assert.Throws<GridStorageException>(() => ReadSome(path));
        Assert.Matches(@"^hostile\.parquet: column 'n', row group 1, page 5 at offset \d+: the checksum is [0-9A-F]{8} where [0-9A-F]{8} is meant$", refused.Message);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public void Values_that_a_few_bytes_cannot_hold_are_refused_before_they_are_made()
    {
        var dictionary = new ColumnValues();
        Plain.Decode([1, 0, 0, 0], 0, 4, 1, PhysicalType.Int32, 4, dictionary);
        AssertRefused("dictionary index 1 is out of range, there are 1 entries", () => new ColumnValues().ResetGathered(dictionary, [0, 1]));
        AssertRefused("16777216 values need 134217728 bytes, where 4 are left", () => Plain.Decode([1, 0, 0, 0], 0, 4, 1 << 24, PhysicalType.Int64, 8, new ColumnValues()));
        AssertRefused("1000 values with their lengths in 4 bytes", () => Plain.Decode([1, 0, 0, 0], 0, 4, 1_000, PhysicalType.ByteArray, 0, new ColumnValues()));
        AssertRefused("value 0 has -1 bytes, where 0 are left", () => Plain.Decode([255, 255, 255, 255], 0, 4, 1, PhysicalType.ByteArray, 0, new ColumnValues()));
        AssertRefused("1000 packed groups of 32 bits are longer than the 0 bytes that are left", () => RleHybrid.Decode([0xD1, 0x0F], 32, new int[8_000]));
        AssertRefused("delta values say that they are 5 where 4 are meant", () => DeltaBinaryPacked.Decode<long>([128, 1, 4, 5, 0], new long[4]));
        AssertRefused("delta blocks of 5 values in 1 parts", () => DeltaBinaryPacked.Decode<long>([5, 1, 4, 0], new long[4]));
    }

    private static void AssertRefused(string message, Action decode) => Assert.Equal(message, Assert.Throws<ParquetFormatException>(decode).Message);

    // One of several kinds of damage. Lengths stand in the footer's length, in varints and in four bytes before values.
    private static byte[] Damage(byte[] whole, Random random)
    {
        var bytes = whole.ToArray();
        switch (random.Next(5))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                return bytes[..random.Next(bytes.Length)];
            case 2:
                var footer = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 8));
                bytes[bytes.Length - 8 - random.Next(1, Math.Max(2, footer))] = (byte)random.Next(256);
                break;
            case 3:
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(random.Next(bytes.Length - 4)), random.Next(4) switch { 0 => -1, 1 => int.MaxValue, 2 => 0, _ => random.Next() });
                break;
            default:
                for (var i = 0; i < 8; i++)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                break;
        }

        return bytes;
    }

    // 1 if it is refused. Any other exception than the one that says where the file is damaged fails the test.
    private int Try(byte[] bytes, string what)
    {
        var path = _folder.File("hostile.parquet");
        File.WriteAllBytes(path, bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = 0;
        try
        {
            ReadSome(path);
        }
        catch (GridStorageException e)
        {
            refused = 1;
            Assert.True(e.Message.StartsWith("hostile.parquet: ", StringComparison.Ordinal), $"{what}: {e.Message}");
        }
        catch (Exception e)
        {
            Assert.Fail($"{what}: {e}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < AllocatedBytesMax, $"{what}: {allocated} bytes were allocated");
        return refused;
    }

    // Damage can make of a few rows very many, all of which a reader would give; a million show what there is to see.
    private static void ReadSome(string path)
    {
        const int RowsMax = 1_000_000;
        using var file = ParquetFile.Open(path);
        _ = file.Summaries().Count();
        foreach (var column in file.Schema.Columns.Where(c => c.WhyNotReadable is null))
        {
            var reader = file.Read([column.Name]);
            for (var rows = 0; rows < RowsMax && reader.NextBatch(); rows += reader.Rows)
            {
                var slice = reader[0];
                for (var row = 0; row < Math.Min(slice.Count, 100); row++)
                {
                    if (!slice.IsNull(row))
                    {
                        _ = ValueText.Format(slice.Column, slice.Bytes(row));
                    }
                }
            }
        }
    }
}

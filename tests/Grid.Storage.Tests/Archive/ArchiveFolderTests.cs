using Grid.Storage.Archive;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Storage.Tests.Archive;

public sealed class ArchiveFolderTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly ArchiveOptions _options = new();

    public void Dispose() => _temp.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_row_comes_back_in_the_order_of_its_events(int seed)
    {
        var sample = new ArchiveSample(seed);
        var rows = new List<ArchiveRow>();
        var archive = Open();
        for (var i = 0; i < 3; i++)
        {
            archive.Publish(sample.Next(inputs: 20, events: 50, rows), _options);
            archive = i == 1 ? Open() : archive;
        }

        var manifests = Manifests();
        Assert.Equal([(0UL, 40UL), (40UL, 80UL), (80UL, 120UL)], manifests.Select(m => (m.AfterLsn, m.ThroughLsn)));
        Assert.Equal(3_000, manifests.Sum(m => m.Events));
        Assert.Equal(rows.Count, archive.Rows);
        Assert.Equal(
            rows.Select(r => sample.Text(r)).Order(StringComparer.Ordinal),
            manifests.SelectMany(m => m.Parts).SelectMany(p => ArchiveText.Of(_temp.Path, p)).Order(StringComparer.Ordinal));
        var report = ArchiveVerifier.Verify(_temp.Path);
        Assert.Empty(report.Problems);
        Assert.Contains(manifests.SelectMany(m => m.Parts), p => p.File == "trade/date=2024-02-29/part-0000000000000001.parquet");
    }

    [Fact]
    public void Same_events_in_another_order_of_arrival_make_the_same_files()
    {
        var sample = new ArchiveSample(7);
        var rows = new List<ArchiveRow>();
        sample.Next(inputs: 1, events: 2_000, rows);
        var shuffled = rows.ToArray();
        new Random(8).Shuffle(shuffled);
        var hashes = new[] { rows.ToArray(), shuffled }.Select((order, i) =>
        {
            var batch = new ArchiveBatch(sample.Names);
            Array.ForEach(order, r => batch.Add(ArchiveKinds.Of(r.Event, r.Outcome)!.Value, r));
            batch.EndInput(2, order.Length);
            return ArchiveFolder.Open(new DiskDirectory(_temp.Path).Subdirectory($"{i}")).Publish(batch, _options).Parts.Select(p => (p.File, p.Sha256)).ToArray();
        }).ToArray();
        Assert.Equal(hashes[0], hashes[1]);
    }

    [Fact]
    public void Flipped_bit_anywhere_is_found()
    {
        Publish(2);
        var random = new Random(5);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(_temp.Path, ArchiveFolder.FolderName), "*", SearchOption.AllDirectories).ToArray())
        {
            var whole = File.ReadAllBytes(path);
            for (var i = 0; i < 10; i++)
            {
                var damaged = whole.ToArray();
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(path, damaged);
                Assert.Contains(ArchiveVerifier.Verify(_temp.Path).Problems, p => p.Contains(path, StringComparison.Ordinal));
            }

            File.WriteAllBytes(path, whole);
        }

        Assert.Empty(ArchiveVerifier.Verify(_temp.Path).Problems);
    }

    [Fact]
    public void Missing_files_files_too_many_and_missing_manifests_are_found()
    {
        var archive = Publish(3);
        var root = Path.Combine(_temp.Path, ArchiveFolder.FolderName);
        var part = Path.Combine(root, Manifests()[1].Parts[0].File);
        File.Copy(part, part + ".tmp");
        Assert.Equal($"file '{part}.tmp' stands in no manifest; a start removes what a crash left", Assert.Single(ArchiveVerifier.Verify(_temp.Path).Problems));
        File.Delete(part);
        File.Delete(part + ".tmp");
        Assert.Equal($"file '{part}' of {Manifests()[1].Parts[0].Rows} rows is missing", Assert.Single(ArchiveVerifier.Verify(_temp.Path).Problems));
        File.Delete(Path.Combine(root, "_manifest", "0000000000000015.json"));
        Assert.Contains(ArchiveVerifier.Verify(_temp.Path).Problems, p => p.EndsWith("holds what follows journal frame 40, but the one before it ends at 20", StringComparison.Ordinal));
        var refused = Assert.Throws<GridStorageException>(() => Open());
        Assert.Contains("manifests are missing or were moved", refused.Message, StringComparison.Ordinal);
        Assert.Equal(60UL, archive.ThroughLsn);
    }

    [Fact]
    public void What_is_archived_already_is_refused()
    {
        var sample = new ArchiveSample(1);
        var batch = sample.Next(1, 10, []);
        var archive = Open();
        archive.Publish(batch, _options);
        Assert.Throws<ArgumentException>(() => archive.Publish(batch, _options));
    }

    [Fact]
    public void Options_out_of_range_are_all_named()
    {
        new ArchiveOptions().Validate();
        var wrong = new ArchiveOptions { RowsMax = 999, PublishAfter = TimeSpan.Zero, RetryDelay = TimeSpan.FromHours(2), Codec = Grid.Storage.Parquet.ParquetCodec.Lzo };
        Assert.Equal(
            """
            Archive option RowsMax is 999; it must be 1000 to 16777216.
            Archive option PublishAfter is 00:00:00; it must be 00:00:01 to 1.00:00:00.
            Archive option RetryDelay is 02:00:00; it must be 00:00:01 to 01:00:00.
            Archive option Codec is Lzo; it must be Uncompressed, Snappy, Gzip, Brotli, Zstd or Lz4Raw.
            """,
            Assert.Throws<ArgumentException>(wrong.Validate).Message);
    }

    private ArchiveFolder Open() => ArchiveFolder.Open(new DiskDirectory(_temp.Path));

    private ArchiveFolder Publish(int times)
    {
        var sample = new ArchiveSample(11);
        var archive = Open();
        for (var i = 0; i < times; i++)
        {
            archive.Publish(sample.Next(inputs: 10, events: 40, []), _options);
        }

        return archive;
    }

    private List<ArchiveManifest> Manifests() =>
        [.. ArchiveFolder.ReadManifests(_temp.Path)];
}

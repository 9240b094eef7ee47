using System.Security.Cryptography;
using Grid.Storage.Archive;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Storage.Tests.Archive;

/// <summary>The power fails in each operation of a publication, one after the other: afterwards the range is archived whole or not at all, and trying again ends as if nothing had happened.</summary>
public sealed class ArchiveCrashTests
{
    private static readonly string[] Dates = ["date=2024-02-29", "date=2024-03-01"];
    private readonly ArchiveOptions _options = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Power_failure_at_any_moment_loses_and_doubles_nothing(int seed)
    {
        var undisturbed = new FaultyDisk(seed);
        Publish(undisturbed, 0, 2);
        var expected = Files(undisturbed);
        for (var at = 1L; ; at++)
        {
            var disk = new FaultyDisk((seed * 1_000) + (int)at);
            Publish(disk, 0, 1);
            disk.FailPowerAfter(at);
            var failed = Record.Exception(() => Publish(disk, 1, 2));
            if (failed is null)
            {
                Assert.True(at > 30, $"only {at} operations");
                break;
            }

            Assert.IsType<GridStorageException>(failed);
            disk.Crash();
            var archive = ArchiveFolder.Open(disk.Root);
            Assert.Equal(Listed(disk), Files(disk));
            if (archive.ThroughLsn == 20)
            {
                Publish(disk, 1, 2);
            }

            Assert.True(expected.SequenceEqual(Files(disk)), $"seed {disk.Seed}: the archive differs after a failure in operation {at}");
        }
    }

    [Fact]
    public void Refused_write_leaves_the_archive_as_it_was_and_can_be_tried_again()
    {
        var undisturbed = new FaultyDisk(1);
        Publish(undisturbed, 0, 2);
        for (var write = 1; write < 8; write++)
        {
            var disk = new FaultyDisk(write);
            Publish(disk, 0, 1);
            var archive = ArchiveFolder.Open(disk.Root);
            var batch = BatchOf(1);
            disk.FailWrite(write);
            var refused = Assert.Throws<GridStorageException>(() => archive.Publish(batch, _options));
            Assert.StartsWith("cannot publish in '/disk/archive': ", refused.Message, StringComparison.Ordinal);
            archive.Publish(batch, _options);
            Assert.Equal(Files(undisturbed), Files(disk));
            Assert.Equal(40UL, archive.ThroughLsn);
        }
    }

    private void Publish(FaultyDisk disk, int from, int to)
    {
        var archive = ArchiveFolder.Open(disk.Root);
        for (var i = from; i < to; i++)
        {
            archive.Publish(BatchOf(i), _options);
        }
    }

    // The same whenever it is asked for.
    private static ArchiveBatch BatchOf(int index)
    {
        var sample = new ArchiveSample(17);
        ArchiveBatch batch;
        do
        {
            batch = sample.Next(inputs: 10, events: 20, []);
        }
        while (index-- > 0);
        return batch;
    }

    private static List<(string File, string Sha256)> Listed(FaultyDisk disk) =>
        [.. ArchiveFolder.ReadManifests(Archive(disk).Subdirectory(ArchiveFolder.ManifestFolderName)).SelectMany(m => m.Parts).Select(p => (p.File, p.Sha256)).Order()];

    private static List<(string File, string Sha256)> Files(FaultyDisk disk) =>
    [
        .. from kind in (string[])["trade", "quote", "run", "amendment", "definition", "quarantine"]
           from date in Dates
           let folder = Archive(disk).Subdirectory(kind).Subdirectory(date)
           from name in folder.List()
           select ($"{kind}/{date}/{name}", Hash(folder, name)) into file
           orderby file
           select file,
    ];

    private static IJournalDirectory Archive(FaultyDisk disk) => disk.Root.Subdirectory(ArchiveFolder.FolderName);

    private static string Hash(IJournalDirectory folder, string name)
    {
        using var file = folder.OpenRead(name);
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.Read(0, bytes));
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}

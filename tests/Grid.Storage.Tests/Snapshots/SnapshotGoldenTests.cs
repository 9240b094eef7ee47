using System.Runtime.CompilerServices;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Grid.Testing;

namespace Grid.Storage.Tests.Snapshots;

/// <summary>
/// A snapshot as earlier grids wrote it. Such files are only ever added: if one of these tests fails, snapshots out there
/// cannot be read any more, and the format needs a new version.
/// </summary>
public sealed class SnapshotGoldenTests
{
    private const ulong Lsn = 0xABCDEF;

    private readonly IJournalDirectory _directory = new FaultyDisk(seed: 1).Root;

    [Fact]
    public void Version_1_is_written_byte_for_byte()
    {
        using (var writer = new SnapshotWriter(_directory, Lsn, SnapshotImage.Created, chunkBytes: 16))
        {
            writer.BeginSection(1);
            writer.Write("a first section of three chunks, just"u8);
            writer.BeginSection(2);
            writer.BeginSection(0x80000003);
            writer.Write("the last section"u8);
            writer.Publish();
        }

        Assert.Equal(Convert.ToHexString(File.ReadAllBytes(Golden)), Convert.ToHexString(_directory.Bytes(Lsn)));
    }

    [Fact]
    public void Version_1_is_read()
    {
        _directory.Replace(SnapshotFormat.NameOf(Lsn), File.ReadAllBytes(Golden));
        using var reader = new SnapshotCatalog(_directory).Open(Lsn);
        Assert.Equal(SnapshotImage.Created, reader.Created);
        Assert.True(reader.NextSection());
        Assert.Equal(1u, reader.SectionType);
        Assert.Equal("a first section of three chunks, just"u8, reader.Read((int)reader.SectionLength));
        Assert.True(reader.NextSection());
        Assert.Equal((2u, 0ul), (reader.SectionType, reader.SectionLength));
        Assert.True(reader.NextSection());
        Assert.Equal(0x80000003, reader.SectionType);
        Assert.Equal("the last section"u8, reader.Read(16));
        Assert.False(reader.NextSection());
    }

    private static string Golden { get; } = Path.Combine(Here(), "Golden", "v1.snapshot");

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}

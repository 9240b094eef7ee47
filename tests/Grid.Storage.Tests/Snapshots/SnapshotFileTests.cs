using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Grid.Testing;

namespace Grid.Storage.Tests.Snapshots;

public sealed class SnapshotFileTests
{
    private readonly IJournalDirectory _directory = new FaultyDisk(seed: 1).Root;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_written_is_read_whatever_the_pieces(int seed)
    {
        var random = new Random(seed);
        for (ulong lsn = 1; lsn < 100; lsn++)
        {
            var sections = SnapshotImage.Sections(random, bytesMax: 2000);
            SnapshotImage.Write(_directory, lsn, sections, random, chunkBytes: random.Next(SnapshotFormat.ChunkBytesLowest, 600));
            using var reader = new SnapshotReader(_directory, lsn);
            var read = SnapshotImage.Read(reader, random);

            Assert.Equal(sections.Select(s => s.Type), read.Select(s => s.Type));
            Assert.Equal(sections.Select(s => s.Payload), read.Select(s => s.Payload));
            Assert.Equal(lsn, reader.Lsn);
            Assert.Equal(SnapshotImage.Created, reader.Created);
            Assert.False(reader.NextSection());
        }
    }

    [Fact]
    public void Sections_may_be_left_before_their_end()
    {
        var random = new Random(4);
        List<(uint, byte[])> sections = [(1, new byte[500]), (2, [1, 2, 3]), (3, new byte[100])];
        SnapshotImage.Write(_directory, 1, sections, random, chunkBytes: 64);
        using var reader = new SnapshotReader(_directory, 1);
        Assert.True(reader.NextSection());
        Assert.Equal(500ul, reader.SectionLength);
        reader.Read(70);
        Assert.Equal(430ul, reader.SectionLeft);
        Assert.True(reader.NextSection());
        Assert.Equal([1, 2, 3], reader.Read(3).ToArray());
        Assert.True(reader.NextSection());
        Assert.False(reader.NextSection());
    }

    [Fact]
    public void A_section_of_many_chunks_needs_little_memory()
    {
        const int Pieces = 48;
        var piece = new byte[1 << 20];
        new Random(5).NextBytes(piece);
        var path = Directory.CreateTempSubdirectory("grid-snapshot-").FullName;
        try
        {
            var disk = new DiskDirectory(path);
            var before = GC.GetAllocatedBytesForCurrentThread();
            using (var writer = new SnapshotCatalog(disk).Begin(1, SnapshotImage.Created))
            {
                writer.BeginSection(9);
                for (var i = 0; i < Pieces; i++)
                {
                    writer.Write(piece.AsSpan(0, piece.Length - 1));
                }

                writer.Publish();
            }

            using (var reader = new SnapshotCatalog(disk).Open(1))
            {
                Assert.True(reader.NextSection());
                Assert.Equal((ulong)(Pieces * (piece.Length - 1)), reader.SectionLength);
                for (var i = 0; i < Pieces; i++)
                {
                    Assert.True(reader.Read(piece.Length - 1).SequenceEqual(piece.AsSpan(0, piece.Length - 1)));
                }

                Assert.False(reader.NextSection());
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    [Fact]
    public void More_than_a_section_has_cannot_be_read()
    {
        SnapshotImage.Write(_directory, 1, [(7, new byte[10])], new Random(6), chunkBytes: 16);
        using var reader = new SnapshotReader(_directory, 1);
        Assert.True(reader.NextSection());
        reader.Read(4);
        var told = Assert.Throws<GridStorageException>(() => reader.Read(7));
        Assert.EndsWith("7 bytes are expected and 6 are left in section 7", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_outside_a_section_are_a_mistake()
    {
        using var writer = new SnapshotWriter(_directory, 1, SnapshotImage.Created);
        Assert.Throws<InvalidOperationException>(() => writer.Write([1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.BeginSection(0));
        writer.BeginSection(1);
        writer.GetSpan(10);
        Assert.Throws<ArgumentOutOfRangeException>(() => writer.Advance(SnapshotFormat.ChunkBytes + 1));
    }

    [Fact]
    public void A_snapshot_that_is_not_published_leaves_nothing_behind()
    {
        using (var writer = new SnapshotWriter(_directory, 1, SnapshotImage.Created))
        {
            writer.BeginSection(1);
            writer.Write([1, 2, 3]);
            Assert.Single(_directory.List());
        }

        Assert.Empty(_directory.List());
    }
}

using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Grid.Testing;

namespace Grid.Storage.Tests.Snapshots;

public sealed class SnapshotDamageTests
{
    private const ulong Lsn = 0x1234;
    private const int ChunkBytes = 64;

    private readonly IJournalDirectory _directory = new FaultyDisk(seed: 1).Root;
    private readonly byte[] _whole;

    public SnapshotDamageTests()
    {
        var random = new Random(1);
        List<(uint, byte[])> sections = [(1, Payload(random, 200)), (2, []), (2, Payload(random, 128)), (3, Payload(random, 1))];
        SnapshotImage.Write(_directory, Lsn, sections, random, ChunkBytes);
        _whole = _directory.Bytes(Lsn);
    }

    [Fact]
    public void Any_bit_that_is_flipped_is_found()
    {
        for (var bit = 0; bit < 8 * _whole.Length; bit++)
        {
            var damaged = (byte[])_whole.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertDamaged(damaged, $"bit {bit}");
        }
    }

    [Fact]
    public void Any_cut_is_found()
    {
        for (var length = 0; length < _whole.Length; length++)
        {
            AssertDamaged(_whole[..length], $"cut to {length}");
        }
    }

    [Fact]
    public void Zeros_from_any_place_on_are_found()
    {
        for (var from = 0; from < _whole.Length - SnapshotFormat.CrcBytes; from++)
        {
            var damaged = (byte[])_whole.Clone();
            damaged.AsSpan(from).Clear();
            AssertDamaged(damaged, $"zeros from {from}");
        }
    }

    [Fact]
    public void Bytes_behind_the_end_are_found() => AssertDamaged([.. _whole, 0], "a byte more");

    [Fact]
    public void Chunks_in_another_order_are_found()
    {
        const int First = SnapshotFormat.HeaderBytes + SnapshotFormat.SectionHeadBytes;
        const int Chunk = ChunkBytes + SnapshotFormat.CrcBytes;
        var damaged = (byte[])_whole.Clone();
        _whole.AsSpan(First, Chunk).CopyTo(damaged.AsSpan(First + Chunk));
        _whole.AsSpan(First + Chunk, Chunk).CopyTo(damaged.AsSpan(First));
        AssertDamaged(damaged, "swapped chunks");
    }

    [Fact]
    public void A_snapshot_under_the_name_of_another_is_found()
    {
        _directory.Replace(SnapshotFormat.NameOf(7), _whole);
        var told = Assert.Throws<GridStorageException>(() => SnapshotReader.Verify(_directory, 7));
        Assert.EndsWith("it is snapshot 0000000000001234 under another's name", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_is_told_of_with_file_and_offset()
    {
        var damaged = (byte[])_whole.Clone();
        damaged[^1] ^= 1;
        _directory.Replace(SnapshotFormat.NameOf(Lsn), damaged);
        var told = Assert.Throws<GridStorageException>(() => SnapshotReader.Verify(_directory, Lsn));
        Assert.Equal($"snapshot '0000000000001234.snapshot' in '/disk' is damaged at offset {_whole.Length}: the trailer", told.Message);
    }

    [Fact]
    public void A_sector_that_cannot_be_read_is_told_of()
    {
        FaultyDisk.BreakSector(_directory, SnapshotFormat.NameOf(Lsn), 300);
        var told = Assert.Throws<GridStorageException>(() => SnapshotReader.Verify(_directory, Lsn));
        Assert.StartsWith("cannot read snapshot '0000000000001234.snapshot' in '/disk' at offset ", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_snapshot_that_is_not_there_is_told_of()
    {
        var told = Assert.Throws<GridStorageException>(() => new SnapshotCatalog(_directory).Open(99));
        Assert.StartsWith("cannot open snapshot '0000000000000063.snapshot' in '/disk': ", told.Message, StringComparison.Ordinal);
    }

    private static byte[] Payload(Random random, int length)
    {
        var payload = new byte[length];
        random.NextBytes(payload);
        return payload;
    }

    private void AssertDamaged(byte[] contents, string what)
    {
        _directory.Replace(SnapshotFormat.NameOf(Lsn), contents);
        try
        {
            SnapshotReader.Verify(_directory, Lsn);
        }
        catch (GridStorageException)
        {
            return;
        }

        Assert.Fail($"{what} was not found");
    }
}

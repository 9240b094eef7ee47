using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Storage.Tests.Journal.JournalBuilder;

namespace Grid.Storage.Tests.Journal;

public sealed class DiskFailureTests
{
    private readonly FaultyDisk _disk = new(seed: 5);
    private readonly IJournalDirectory _journal;

    public DiskFailureTests() => _journal = _disk.Root.Subdirectory(JournalFormat.FolderName);

    [Fact]
    public void After_a_failed_flush_the_writer_refuses_everything_and_never_flushes_again()
    {
        using var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, "kept"u8);
        writer.Flush();
        writer.Append(JournalFrameType.Input, null, "doomed"u8);
        _disk.FailFlush(1);

        var error = Assert.Throws<GridStorageException>(writer.Flush);
        var operations = _disk.Operations;
        var appending = Assert.Throws<GridStorageException>(() => writer.Append(JournalFrameType.Input, null, "x"u8));
        var flushing = Assert.Throws<GridStorageException>(writer.Flush);
        writer.Close();

        Assert.Equal(
            "journal segment '/disk/journal/0000000000000001.journal' cannot be written at LSN 3 (flushed through LSN 1): "
            + "Input/output error : '/disk/journal/0000000000000001.journal'",
            error.Message);
        Assert.StartsWith("the journal failed before and takes no more frames; restart the process to recover.", appending.Message);
        Assert.Equal(appending.Message, flushing.Message);
        Assert.Equal(1ul, writer.FlushedLsn);
        Assert.Equal(operations, _disk.Operations);
    }

    [Fact]
    public void What_a_failed_flush_left_readable_is_written_again_before_it_is_believed()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var disk = new FaultyDisk(seed);
            var journal = disk.Root.Subdirectory(JournalFormat.FolderName);
            var writer = Open(journal);
            for (var i = 0; i < 20; i++)
            {
                writer.Append(JournalFrameType.Input, null, PayloadOf(writer.LastLsn + 1));
            }

            disk.FailFlush(1);
            Assert.Throws<GridStorageException>(writer.Flush);

            // The process starts again; the machine goes on and shows what it never wrote.
            disk.Restart();
            using (var second = Open(journal))
            {
                Assert.Equal(20ul, second.FlushedLsn);
            }

            disk.Crash();
            Assert.Equal(20, ReadAll(journal).Count);
        }
    }

    [Fact]
    public void A_full_disk_at_a_new_segment_says_which_file_and_how_much_it_needs()
    {
        using var writer = Open(_journal);
        _disk.BytesMax = 100_000;
        var error = Assert.Throws<GridStorageException>(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                writer.Append(JournalFrameType.Input, null, new byte[1000]);
            }
        });

        Assert.Contains("/disk/journal/0000000000000001.journal", error.Message);
        Assert.Contains("the disk is full; a segment needs 65536 bytes. Free space and restart.", error.Message);
        Assert.Throws<GridStorageException>(writer.Flush);

        // The old segment had been flushed whole, and nothing half made keeps space.
        Assert.Single(_journal.List());
        _disk.BytesMax = long.MaxValue;
        using var reopened = Open(_journal);
        Assert.Equal(writer.FlushedLsn, reopened.LastLsn);
        Assert.Null(reopened.Recovery.Cut);
    }

    [Fact]
    public void A_full_disk_at_opening_says_so()
    {
        _disk.BytesMax = 1000;
        var error = Assert.Throws<GridStorageException>(() => Open(_journal));
        Assert.StartsWith("journal '/disk/journal' cannot be opened for appending: the disk is full; a segment needs 65536 bytes.", error.Message);
    }

    [Fact]
    public void A_frame_longer_than_the_disk_stops_the_writer()
    {
        using var writer = Open(_journal);
        writer.Append(JournalFrameType.Input, null, "kept"u8);
        writer.Flush();
        _disk.BytesMax = 100_000;

        var error = Assert.Throws<GridStorageException>(() => writer.Append(JournalFrameType.Input, null, new byte[300_000]));

        Assert.Contains("the disk is full", error.Message);
        _disk.BytesMax = long.MaxValue;
        _disk.Crash();
        using var reopened = Open(_journal, flushedLsnAtLeast: 1);
        Assert.Equal(1ul, reopened.LastLsn);
    }

    [Fact]
    public void After_a_failed_write_the_writer_refuses_everything()
    {
        using var writer = Open(_journal);
        _disk.FailWrite(1);
        Assert.Throws<GridStorageException>(() => writer.Append(JournalFrameType.Input, null, new byte[10_000]));
        Assert.Throws<GridStorageException>(() => writer.Append(JournalFrameType.Input, null, "x"u8));
        Assert.Equal(0ul, writer.FlushedLsn);
    }

    [Fact]
    public void A_segment_that_cannot_be_deleted_does_not_stop_the_writer()
    {
        AppendGroups(_journal, 2);
        var locked = new UndeletableFolder(_journal);
        using var writer = Open(locked);

        var error = Assert.Throws<GridStorageException>(() => writer.DeleteSegmentsBefore(3));

        Assert.Equal(
            "journal segment '0000000000000001.journal' in '/disk/journal' cannot be deleted: Access to the path is denied.", error.Message);
        Assert.Equal(3ul, writer.Append(JournalFrameType.Input, null, "x"u8));
        writer.Flush();
        Assert.Equal(2, writer.Segments().Count);
    }

    private sealed class UndeletableFolder(IJournalDirectory inner) : IJournalDirectory
    {
        public string Path => inner.Path;

        public IReadOnlyList<string> List() => inner.List();

        public bool Exists(string name) => inner.Exists(name);

        public IJournalFile Create(string name) => inner.Create(name);

        public IJournalFile OpenRead(string name) => inner.OpenRead(name);

        public IJournalFile OpenWrite(string name) => inner.OpenWrite(name);

        public void Rename(string from, string to) => inner.Rename(from, to);

        public void Delete(string name)
        {
            if (name.EndsWith(".journal", StringComparison.Ordinal))
            {
                throw new UnauthorizedAccessException("Access to the path is denied.");
            }

            inner.Delete(name);
        }

        public void Flush() => inner.Flush();

        public IJournalDirectory Subdirectory(string name) => inner.Subdirectory(name);

        public IDisposable? TryLock(string name, string note, out string? holder) => inner.TryLock(name, note, out holder);
    }
}

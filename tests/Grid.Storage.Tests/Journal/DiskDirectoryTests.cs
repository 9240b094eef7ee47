using Grid.Storage.Journal;

namespace Grid.Storage.Tests.Journal;

public sealed class DiskDirectoryTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("grid-journal-").FullName;
    private readonly DiskDirectory _folder;

    public DiskDirectoryTests() => _folder = new DiskDirectory(Path.Combine(_path, "a", "b"));

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void A_journal_on_a_disk_survives_a_reopening()
    {
        JournalBuilder.AppendGroups(_folder, 100, 200);
        JournalBuilder.AppendGroups(_folder, 100);

        var frames = JournalBuilder.ReadAll(_folder);

        Assert.Equal(400, frames.Count);
        Assert.All(frames, f => Assert.Equal(JournalBuilder.PayloadOf(f.Lsn), f.Payload));
    }

    [Fact]
    public void An_open_segment_has_taken_its_space()
    {
        using var writer = JournalBuilder.Open(_folder);
        Assert.Equal(JournalOptions.SegmentBytesMaxLowest, new FileInfo(Path.Combine(_folder.Path, "0000000000000001.journal")).Length);
    }

    [Fact]
    public void Files_are_created_listed_renamed_replaced_and_deleted()
    {
        _folder.Replace("b", "old"u8);
        _folder.Replace("b", "new"u8);
        _folder.Create("a").Dispose();
        Directory.CreateDirectory(Path.Combine(_folder.Path, "folders are not files"));

        Assert.Equal(["a", "b"], _folder.List());
        Assert.Equal("new"u8.ToArray(), _folder.ReadAll("b")!.Value.ToArray());
        Assert.Null(_folder.ReadAll("c"));
        Assert.Throws<IOException>(() => _folder.Create("a"));

        _folder.Rename("b", "a");
        Assert.Equal(["a"], _folder.List());
        Assert.Equal("new"u8.ToArray(), _folder.ReadAll("a")!.Value.ToArray());

        _folder.Delete("a");
        _folder.Delete("a");
        Assert.Empty(_folder.List());
        _folder.Flush();
    }

    [Fact]
    public void A_file_is_read_and_written_at_offsets()
    {
        using var file = _folder.Create("file");
        file.Preallocate(100);
        file.Write(50, "hello"u8);
        file.Write(98, "past the end"u8);
        file.Flush();

        var buffer = new byte[20];
        Assert.Equal(110, file.Length);
        Assert.Equal(20, file.Read(45, buffer));
        Assert.Equal("\0\0\0\0\0hello\0\0\0\0\0\0\0\0\0\0"u8.ToArray(), buffer);
        Assert.Equal(10, file.Read(100, buffer));
        file.SetLength(3);
        Assert.Equal(0, file.Read(3, buffer));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    public void Only_plain_names_are_taken(string name)
    {
        var error = Assert.Throws<ArgumentException>(() => _folder.Exists(name));
        Assert.Equal($"'{name}' is not a plain file name", error.Message);
    }

    [Fact]
    public void A_lock_is_held_by_one_and_says_who()
    {
        using (var first = _folder.TryLock("lock", "pid 1", out var none))
        {
            Assert.NotNull(first);
            Assert.Null(none);
            Assert.Null(_folder.TryLock("lock", "pid 2", out var holder));
            Assert.Equal("pid 1", holder);
        }

        using var third = _folder.TryLock("lock", "pid 3", out _);
        Assert.NotNull(third);
    }
}

using Grid.Runtime.Snapshots;
using Grid.Storage;

namespace Grid.Runtime.Tests.Snapshots;

public sealed class SectionQueueTests
{
    private static readonly QueuedSection Megabyte = new(SnapshotSection.Instruments, new byte[1 << 20]);

    [Fact]
    public async Task Shards_stop_of_their_own_accord_when_the_disk_is_behind_and_are_told_when_it_is_not()
    {
        var told = 0;
        var queue = new SectionQueue(shards: 1, runsOnTheWriter: false, new SectionBuffers(), () => told++);
        var written = 0;
        while (queue.HasRoom)
        {
            queue.Write(Megabyte);
            written++;
        }

        Assert.Equal(SectionQueue.BytesWanted, written * (long)Megabyte.Bytes.Length);
        queue.Write(Megabyte);
        queue.Took(Megabyte);
        Assert.Equal((false, 0), (queue.HasRoom, told));
        queue.Took(Megabyte);
        Assert.Equal((true, 1), (queue.HasRoom, told));
        queue.Finish();
        var read = 0;
        await foreach (var _ in queue.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            read++;
        }

        Assert.Equal(written + 1, read);
    }

    [Fact]
    public async Task Snapshot_that_waits_for_the_disk_with_too_much_is_given_up()
    {
        var queue = new SectionQueue(shards: 1, runsOnTheWriter: false, new SectionBuffers(), () => { });
        while (!queue.IsGivenUp)
        {
            queue.Write(Megabyte);
        }

        queue.Finish();
        Assert.True(queue.HasRoom);
        var failure = await Assert.ThrowsAsync<GridStorageException>(async () =>
        {
            await foreach (var _ in queue.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
            {
            }
        });
        Assert.Equal("more than 1073741824 bytes of the snapshot wait for the disk", failure.Message);
    }
}

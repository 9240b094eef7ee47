using System.Globalization;

namespace Grid.Storage.Tests;

public sealed class BackgroundThreadTests
{
    [Fact]
    public async Task Work_stays_on_its_thread_across_awaits()
    {
        var seen = new List<int>();
        var other = Task.CompletedTask;
        await BackgroundThread.Run("grid test", async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                seen.Add(Environment.CurrentManagedThreadId);
                await Task.Run(() => other);
            }
        });
        Assert.Equal(10, seen.Count);
        Assert.Single(seen.Distinct());
        Assert.NotEqual(Environment.CurrentManagedThreadId, seen[0]);
    }

    [Fact]
    public async Task Failure_is_the_tasks()
    {
        var first = await Assert.ThrowsAsync<GridStorageException>(() => BackgroundThread.Run("grid test", () => throw new GridStorageException("no room")));
        Assert.Equal("no room", first.Message);
        var second = await Assert.ThrowsAsync<GridStorageException>(() => BackgroundThread.Run("grid test", async () =>
        {
            await Task.Yield();
            throw new GridStorageException("no disk");
        }));
        Assert.Equal("no disk", second.Message);
    }

    [Fact]
    public async Task Only_the_thread_itself_has_a_lower_priority()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "niceness of a thread is Linux's");
        var caller = Niceness();
        var inside = -1;
        await BackgroundThread.Run("grid test", () => inside = Niceness());
        Assert.Equal(Math.Max(caller, 10), inside);
        Assert.Equal(caller, Niceness());
    }

    // Field 19 of the calling thread's stat; the name in field 2 may have spaces, and ends with the last parenthesis.
    private static int Niceness()
    {
        var stat = File.ReadAllText("/proc/thread-self/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
    }
}

using Grid.Silo.Grains;

namespace Grid.Silo.Tests;

public sealed class SavedTurnsTests
{
    [Fact]
    public async Task What_changes_during_one_save_is_saved_together_with_the_next()
    {
        var turns = new SavedTurns();
        var saves = new List<TaskCompletionSource>();
        var first = turns.RunAsync(SaveAsync);
        var second = turns.RunAsync(SaveAsync);
        Assert.Same(second, turns.RunAsync(SaveAsync));
        Assert.Same(second, turns.AwaitAsync());
        Assert.Single(saves);

        saves[0].SetResult();
        await first;
        while (saves.Count < 2)
        {
            await Task.Yield();
        }

        // It has begun: what changes now needs another one.
        var third = turns.RunAsync(SaveAsync);
        Assert.NotSame(second, third);
        saves[1].SetResult();
        await second;
        while (saves.Count < 3)
        {
            await Task.Yield();
        }

        saves[2].SetResult();
        await third;
        await turns.AwaitAsync();
        Assert.Equal(3, saves.Count);

        Task SaveAsync()
        {
            var save = new TaskCompletionSource();
            saves.Add(save);
            return save.Task;
        }
    }

    [Fact]
    public async Task A_save_that_fails_fails_for_all_who_wait_for_it_or_for_the_next()
    {
        var turns = new SavedTurns();
        var save = new TaskCompletionSource();
        var first = turns.RunAsync(() => save.Task);
        var second = turns.RunAsync(() => Task.CompletedTask);
        save.SetException(new InvalidOperationException("refused"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
    }
}

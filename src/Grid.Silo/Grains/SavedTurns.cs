namespace Grid.Silo.Grains;

/// <summary>
/// Saves a grain's state one after the other: who changes it while it is being saved shares the next turn with all others who
/// do. Of one grain, on its own scheduler.
/// </summary>
internal sealed class SavedTurns
{
    private Task _running = Task.CompletedTask;
    private Task? _next;

    /// <summary>Saves what is so far, with this turn if none has begun, else with the next.</summary>
    public Task RunAsync(Func<Task> save)
    {
        if (_next is null && _running.IsCompleted)
        {
            return _running = save();
        }

        return _next ??= RunNextAsync(_running, save);
    }

    /// <summary>Ends when everything is saved that was to be.</summary>
    public Task AwaitAsync() => _next ?? _running;

    private async Task RunNextAsync(Task before, Func<Task> save)
    {
        // Also if it has just ended: this must stand in _next before it goes on.
        await before.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);

        // Who comes from now on changes what this turn no longer saves.
        _running = _next!;
        _next = null;
        await save();
    }
}

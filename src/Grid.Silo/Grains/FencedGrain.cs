using Grid.Silo.Stores;
using Grid.Storage.Postgres.Committing;
using Microsoft.Extensions.Logging;

namespace Grid.Silo.Grains;

/// <summary>
/// A grain that the database has once: each activation claims it, and one that is left out of a commit, or of which anything
/// failed, gives up its state and deactivates. The next activation begins with what is committed.
/// </summary>
internal abstract partial class FencedGrain(SiloStore store, GrainKind kind, ILogger log) : Grain
{
    private GrainClaim? _claim;
    private long _savedAt;

    protected SiloStore Store => store;

    protected ILogger Log => log;

    protected GrainClaim Claim => _claim ?? throw new InvalidOperationException($"{this.GetPrimaryKeyString()} is not active yet");

    /// <summary>True if the state is no longer what the database holds: nothing may be decided with it.</summary>
    protected bool IsGivenUp { get; private set; }

    protected TimeSpan SinceSaved => store.Time.GetElapsedTime(_savedAt);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var loaded = await store.Committer.ClaimAsync(new GrainKey(kind, this.GetPrimaryKeyString()), cancellationToken);
        _claim = loaded.Claim;
        _savedAt = store.Time.GetTimestamp();
        await LoadAsync(loaded, cancellationToken);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (IsGivenUp || _claim is null)
        {
            return;
        }

        try
        {
            await FlushAsync().WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is CommitRefusedException or OperationCanceledException)
        {
            // What is committed is whole without it; the next activation replays what came after the last saved state.
            LogNotFlushed(Claim.Key, e.Message);
        }
    }

    /// <summary>Takes over what the database holds.</summary>
    protected abstract Task LoadAsync(LoadedGrain loaded, CancellationToken cancel);

    /// <summary>Waits for what was handed over and saves the state, if it has changed.</summary>
    protected abstract Task FlushAsync();

    /// <summary>Saves a state; gives up if it is refused.</summary>
    protected async Task SaveAsync(byte[] state)
    {
        _savedAt = store.Time.GetTimestamp();
        try
        {
            await store.Committer.SaveAsync(Claim, state);
        }
        catch (CommitRefusedException e)
        {
            GiveUp(e);
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">It has given up; the next activation answers.</exception>
    protected void RefuseIfGivenUp()
    {
        if (IsGivenUp)
        {
            throw new InvalidOperationException($"{Claim} has given up its state; ask again");
        }
    }

    /// <summary>Gives up the state: it is not used again, and the activation ends.</summary>
    protected void GiveUp(Exception cause)
    {
        if (!IsGivenUp)
        {
            IsGivenUp = true;
            LogGivenUp(_claim?.ToString() ?? this.GetPrimaryKeyString(), cause.Message);
            DeactivateOnIdle();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Grain} gives up its state: {Why}")]
    private partial void LogGivenUp(string grain, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Grain} was deactivated without saving its state: {Why}")]
    private partial void LogNotFlushed(GrainKey grain, string why);
}

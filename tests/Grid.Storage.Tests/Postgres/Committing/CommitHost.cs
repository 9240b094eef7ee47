using System.Collections.Concurrent;
using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Committing;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>One silo of a simulation: its committer, which is started again and again, and the grains that it thinks are active on it.</summary>
internal sealed class CommitHost(PrivateDatabase database, string silo) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Activation> _activations = new(StringComparer.Ordinal);
    private readonly List<GroupCommitter> _earlier = [];

    public string Silo => silo;

    public GridNames Names { get; } = new();

    public CuttingRelay Relay { get; } = new(database.Server.Port);

    public GroupCommitter Committer { get; private set; } = null!;

    /// <summary>Starts a committer, whether or not there is one; an earlier one is left as it is.</summary>
    public async Task StartAsync()
    {
        GroupCommitter? next = null;
        while (next is null)
        {
            try
            {
                next = await CommitServer.OpenAsync(database, silo, Names, Relay.Port);
            }
            catch (GridStorageException e) when (e.IsTransient || e.Message.Contains("57P01", StringComparison.Ordinal))
            {
                // The fault that was next hit the start; it is tried again.
            }
        }

        if (Committer is { } earlier)
        {
            _earlier.Add(earlier);
        }

        Committer = next;
    }

    /// <summary>The activation of a grain on this silo, or a new one.</summary>
    public async Task<Activation> ActivateAsync(string symbol, Action<LoadedGrain> check, CancellationToken cancel)
    {
        if (_activations.TryGetValue(symbol, out var known) && known.Claim.Refusal is null)
        {
            return known;
        }

        var committer = Committer;
        var loaded = await committer.ClaimAsync(new GrainKey(GrainKind.Instrument, symbol), cancel);

        // Of one grain there is one producer, which is here: nobody claims it meanwhile.
        check(loaded);
        return _activations[symbol] = new Activation(committer, loaded.Claim, loaded.Windows.Count == 0 ? 0 : loaded.Windows[0].Window.Highest);
    }

    public void Note(string symbol, ulong committed)
    {
        if (_activations.TryGetValue(symbol, out var known))
        {
            _activations[symbol] = known with { Committed = committed };
        }
    }

    public void Forget(string symbol) => _activations.TryRemove(symbol, out _);

    public async ValueTask DisposeAsync()
    {
        foreach (var committer in _earlier.Append(Committer).OfType<GroupCommitter>())
        {
            await committer.DisposeAsync();
        }

        await Relay.DisposeAsync();
    }

    internal sealed record Activation(GroupCommitter Committer, GrainClaim Claim, ulong Committed);
}

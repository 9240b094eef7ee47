using System.Collections.Immutable;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Clustering;
using Grid.Silo.Contracts;
using Grid.Silo.Stores;
using Grid.Storage.Postgres.Committing;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Grid.Silo.Grains;

/// <summary>
/// One instrument: brings slices to its <see cref="ClusterInstrument"/> and what comes of them to the committer. Slices and
/// reads interleave, so that a commit that is waited for holds up neither.
/// </summary>
/// <remarks>Placed by hash, so that the instruments are spread evenly whatever the silos' load is when they first come.</remarks>
[HashBasedPlacement]
[Reentrant]
internal sealed class InstrumentGrain(SiloStore store, ILogger<InstrumentGrain> log) : FencedGrain(store, GrainKind.Instrument, log), IInstrumentGrain
{
    private static readonly IReadOnlyDictionary<int, string> NothingRefused = ImmutableDictionary<int, string>.Empty;

    private ClusterInstrument? _instrument;

    // The last slice that was handed over: those before it are committed when it is.
    private Task _handedOver = Task.CompletedTask;
    private Task _saving = Task.CompletedTask;

    private ClusterInstrument Instrument => _instrument!;

    public async Task<SliceAnswer> Apply(SliceMessage slice)
    {
        try
        {
            var begun = await BeginAsync(slice);
            await begun.Committed;
            return begun.Answer;
        }
        catch (SliceRefusedException e)
        {
            return e.Answer;
        }
        catch (CommitRefusedException e)
        {
            GiveUp(e);
            return SliceAnswer.Of(SliceResult.GivenUp, e.Message);
        }
    }

    public Task<byte[]?> GetLatest()
    {
        RefuseIfGivenUp();
        if (Instrument.State.Version == 0)
        {
            return Task.FromResult<byte[]?>(null);
        }

        Instrument.State.Read(out var latest);
        return Task.FromResult<byte[]?>(PortableLatest.Encode(latest, Store.Names));
    }

    protected override async Task LoadAsync(LoadedGrain loaded, CancellationToken cancel)
    {
        await Store.Sources.LearnAsync(ClusterInstrument.SourcesOf(loaded, Store.Scope), cancel);
        _instrument = new ClusterInstrument(loaded, Store.Scope);
    }

    protected override async Task FlushAsync()
    {
        await _handedOver;
        await _saving;
        if (Instrument.EventsUnsaved > 0)
        {
            await SaveAsync(Instrument.Save());
        }
    }

    // Up to where the slice is on its way, with the answer that it gets when it is committed.
    private async Task<(Task Committed, SliceAnswer Answer)> BeginAsync(SliceMessage slice)
    {
        var batch = Store.Rent();
        try
        {
            if (NamedEvents.Decode(slice.Events, Store.Names, new UnixNanos(slice.ReceivedAtNs), batch) is { } fault)
            {
                return (Task.CompletedTask, SliceAnswer.Of(SliceResult.Malformed, $"batch {slice.Batch} of {slice.Producer}: {fault}"));
            }

            await Store.Sources.LearnAsync(batch, CancellationToken.None);
            using var room = await Store.Committer.ReserveAsync(batch.Count, CancellationToken.None);

            // Nothing is awaited from here until the slice is handed over.
            if (IsGivenUp)
            {
                return (Task.CompletedTask, SliceAnswer.Of(SliceResult.GivenUp, $"{Claim} has given up its state"));
            }

            return Instrument.StateOf(slice.Producer, slice.ProducerEpoch, slice.Batch) switch
            {
                SliceState.New => HandOver(slice, batch, room),

                // It may still be on its way.
                SliceState.Committed => (_handedOver, new SliceAnswer(SliceResult.Known, [new OutcomeCount(Outcome.Duplicate.Value, batch.Count)], [], null)),
                SliceState.TooOld => (Task.CompletedTask, SliceAnswer.Of(SliceResult.TooOld, $"batch {slice.Batch} of {slice.Producer} is older than {Claim.Key} can tell")),
                _ => (Task.CompletedTask, SliceAnswer.Of(SliceResult.OldProducer, $"{slice.Producer} has begun a later life than {slice.ProducerEpoch}")),
            };
        }
        finally
        {
            Store.Return(batch);
        }
    }

    private (Task Committed, SliceAnswer Answer) HandOver(SliceMessage slice, EventBatch batch, CommitRoom room)
    {
        try
        {
            var counts = new OutcomeCounts();
            var decided = Instrument.Apply(slice.Producer, slice.ProducerEpoch, slice.Batch, batch, RefusedOf(slice, batch.Count), counts);
            _handedOver = Store.Committer.CommitAsync(room, decided.Slice);
            var committed = AwaitCommitAsync(_handedOver, decided);
            SaveIfDue();
            return (committed, new SliceAnswer(SliceResult.Committed, [.. counts.NonZero().Select(c => new OutcomeCount(c.Key.Value, c.Value))], [], null));
        }
        catch (Exception e)
        {
            // Half of it may be applied: what is left is no state.
            GiveUp(e);
            throw;
        }
    }

    private async Task AwaitCommitAsync(Task committed, DecidedSlice decided)
    {
        try
        {
            await committed;
        }
        catch (CommitRefusedException e) when (e.Reason == CommitRefusal.BadRow)
        {
            GiveUp(e);
            ImmutableArray<RefusedEvent> refused = e.Rows.Count == 0
                ? [new RefusedEvent(-1, e.Message)]
                : [.. e.Rows.Select(r => new RefusedEvent(decided.EventOf(r.Row), r.Message))];
            throw new SliceRefusedException(new SliceAnswer(SliceResult.Refused, [], refused, e.Message));
        }
    }

    // With the slice that makes it due. Nobody waits for it; if it is refused, so is what comes behind.
    private void SaveIfDue()
    {
        var isDue = Instrument.EventsUnsaved >= Store.Options.SnapshotEvents || (Instrument.EventsUnsaved > 0 && SinceSaved >= Store.Options.SnapshotInterval);
        if (isDue && _saving.IsCompleted)
        {
            _saving = SaveQuietlyAsync(Instrument.Save());
        }
    }

    private async Task SaveQuietlyAsync(byte[] state)
    {
        try
        {
            await SaveAsync(state);
        }
        catch (CommitRefusedException)
        {
            // It has given up.
        }
    }

    private static IReadOnlyDictionary<int, string> RefusedOf(SliceMessage slice, int events)
    {
        if (slice.Refused.IsDefaultOrEmpty)
        {
            return NothingRefused;
        }

        var refused = new Dictionary<int, string>();
        foreach (var (place, message) in slice.Refused)
        {
            foreach (var each in place < 0 ? Enumerable.Range(0, events) : [place])
            {
                refused[each] = message;
            }
        }

        return refused;
    }

    // Only to leave the wait for the commit.
    private sealed class SliceRefusedException(SliceAnswer answer) : Exception(answer.Why)
    {
        public SliceAnswer Answer => answer;
    }
}

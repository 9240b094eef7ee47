using System.Collections.Immutable;
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
/// One producer: slices its batches, makes one call per instrument, and answers when every slice is committed. The slices of one
/// batch are sent before those of the next, so each instrument gets them in order.
/// </summary>
[PreferLocalPlacement]
[Reentrant]
internal sealed class ProducerGrain : FencedGrain, IProducerGrain
{
    private readonly ProducerPosition _position = new();
    private readonly Dictionary<(ulong Epoch, ulong Number), Task<BatchAnswer>> _onTheirWay = [];
    private readonly SavedTurns _turns = new();
    private readonly BatchSlicer _slicer;
    private readonly Attempts _attempts;

    // Ends when the slices of all batches so far have been sent.
    private Task _sent = Task.CompletedTask;

    public ProducerGrain(SiloStore store, ILogger<ProducerGrain> log)
        : base(store, GrainKind.Producer, log)
    {
        _slicer = new BatchSlicer(store.Names);
        _attempts = new Attempts(store.Options, store.Time, log);
    }

    private string Producer => Claim.Key.Name;

    public Task<ulong?> Open(ulong epoch)
    {
        RefuseIfGivenUp();
        return Task.FromResult<ulong?>(_position.TryBegin(epoch) ? _position.Through : null);
    }

    public Task<BatchAnswer> Publish(BatchMessage batch)
    {
        RefuseIfGivenUp();
        if (batch.Number == 0)
        {
            return Answer(BatchResult.Malformed, $"{Producer} sent batch 0; numbers begin with 1");
        }

        _position.TryBegin(batch.ProducerEpoch);
        if (batch.Number == _position.Highest + 1 && _position.OnTheirWay >= ProducerPosition.OnTheirWayMax)
        {
            return Answer(BatchResult.Busy, $"{Producer} has {_position.OnTheirWay} batches on their way");
        }

        return _position.Receive(batch.ProducerEpoch, batch.Number, ProducerPosition.ContentOf(batch.Events)) switch
        {
            BatchTurn.New => BeginAsync(batch),

            // Also one whose slices are committed is on its way until that is saved.
            BatchTurn.OnItsWay or BatchTurn.Committed when _onTheirWay.TryGetValue((batch.ProducerEpoch, batch.Number), out var running) => running,
            BatchTurn.Committed => Answer(BatchResult.Known, null),
            BatchTurn.Reused => Answer(BatchResult.NumberReused, $"batch {batch.Number} of {Producer} was sent before with other content"),
            BatchTurn.Skipped => Answer(BatchResult.NumberSkipped, $"batch {batch.Number} of {Producer} comes behind batch {_position.Highest}"),
            BatchTurn.TooOld => Answer(BatchResult.TooOld, $"batch {batch.Number} of {Producer} is older than the batches that are remembered"),
            _ => Answer(BatchResult.OldEpoch, $"{Producer} has begun life {_position.Epoch}"),
        };
    }

    protected override Task LoadAsync(LoadedGrain loaded, CancellationToken cancel)
    {
        if (loaded.Snapshot is { } snapshot)
        {
            _position.Load(snapshot.State);
        }

        return Task.CompletedTask;
    }

    protected override async Task FlushAsync()
    {
        await Task.WhenAll(_onTheirWay.Values);
        await _turns.AwaitAsync();
    }

    private static Task<BatchAnswer> Answer(BatchResult result, string? why) => Task.FromResult(BatchAnswer.Of(result, why));

    private Task<BatchAnswer> BeginAsync(BatchMessage batch)
    {
        var sent = new TaskCompletionSource();
        var before = _sent;
        _sent = sent.Task;
        var running = RunAsync(batch, before, sent);
        _onTheirWay[(batch.ProducerEpoch, batch.Number)] = running;
        return running;
    }

    private async Task<BatchAnswer> RunAsync(BatchMessage batch, Task before, TaskCompletionSource sent)
    {
        // Not before it stands among those on their way.
        await Task.Yield();
        BatchAnswer answer;
        try
        {
            await before;
            answer = await SendAsync(batch, sent);
            if (answer.Result == BatchResult.Committed)
            {
                _position.Commit(batch.ProducerEpoch, batch.Number);
                await _turns.RunAsync(() => SaveAsync(_position.Save()));
            }
        }
        catch (Exception e)
        {
            answer = BatchAnswer.Of(BatchResult.Failed, e.Message);
        }
        finally
        {
            sent.TrySetResult();
            _onTheirWay.Remove((batch.ProducerEpoch, batch.Number));
        }

        switch (answer.Result)
        {
            case BatchResult.Committed:
                break;
            case BatchResult.Malformed or BatchResult.UnknownSource:
                _position.Refuse(batch.ProducerEpoch, batch.Number);
                break;
            default:
                _position.Fail(batch.ProducerEpoch, batch.Number);
                break;
        }

        return answer;
    }

    private async Task<BatchAnswer> SendAsync(BatchMessage message, TaskCompletionSource sent)
    {
        List<InstrumentSlice> slices;
        List<Task<object>> sightings;
        var batch = Store.Rent();
        try
        {
            if (NamedEvents.Decode(message.Events, Store.Names, new UnixNanos(message.ReceivedAtNs), batch) is { } fault)
            {
                return BatchAnswer.Of(BatchResult.Malformed, $"batch {message.Number} of {Producer}: {fault}");
            }

            if ((await Store.Sources.LearnAsync(batch, CancellationToken.None)).FirstOrDefault() is { Value: > 0 } unknown)
            {
                return BatchAnswer.Of(BatchResult.UnknownSource, $"source '{Store.Names.Sources.Text(unknown.Value)}' was never declared");
            }

            slices = _slicer.Slice(batch);
            sightings = [.. SourceSightings.Of(batch.Events, Store.Scope.Context).Select(s => ObserveAsync(s.Key, s.Value))];
        }
        finally
        {
            Store.Return(batch);
        }

        var answers = slices.ConvertAll(slice => CommitAsync(message, slice));
        sent.TrySetResult();
        await Task.WhenAll(answers.Concat<Task>(sightings));
        var counts = new OutcomeCounts();
        foreach (var answer in await Task.WhenAll(answers))
        {
            if (answer.Result is not (SliceResult.Committed or SliceResult.Known))
            {
                return BatchAnswer.Of(ResultOf(answer.Result), answer.Why);
            }

            foreach (var (outcome, count) in answer.Outcomes)
            {
                counts.Add(new Outcome(outcome), count);
            }
        }

        return new BatchAnswer(BatchResult.Committed, [.. counts.NonZero().Select(c => new OutcomeCount(c.Key.Value, c.Value))], null);
    }

    // A slice that a grain cannot read was made here: the builds of the silos differ, and trying again may help.
    private static BatchResult ResultOf(SliceResult refused) => refused switch
    {
        SliceResult.TooOld => BatchResult.TooOld,
        SliceResult.OldProducer => BatchResult.OldEpoch,
        _ => BatchResult.Failed,
    };

    // What the database does not take is named in the next attempt, which then brings it as quarantine.
    private Task<SliceAnswer> CommitAsync(BatchMessage batch, InstrumentSlice slice)
    {
        var symbol = Store.Names.Symbol(slice.Instrument);
        var grain = GrainFactory.GetGrain<IInstrumentGrain>(symbol);
        var message = new SliceMessage(Producer, batch.ProducerEpoch, batch.Number, batch.ReceivedAtNs, slice.Events, []);
        return _attempts.RunAsync($"batch {batch.Number} of {Producer} for {symbol}", async () =>
        {
            var answer = await grain.Apply(message);
            message = answer.Result == SliceResult.Refused ? message with { Refused = [.. message.Refused, .. answer.Refused] } : message;
            return (answer.Result is SliceResult.GivenUp or SliceResult.Refused ? null : answer, answer.Why);
        });
    }

    private Task<object> ObserveAsync(SourceId source, List<SourceSighting> sightings)
    {
        var name = Store.Names.Sources.Text(source.Value);
        var grain = GrainFactory.GetGrain<ISourceGrain>(name);
        ImmutableArray<SightingMessage> messages =
            [.. sightings.Select(s => new SightingMessage(s.Channel, s.Session, [.. s.Numbers.SelectMany(r => (ulong[])[r.First, r.Last])]))];
        return _attempts.RunAsync($"gaps of {name}", async () =>
        {
            await grain.Observe(messages);
            return ((object?)name, (string?)null);
        });
    }
}

using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Recovery;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Restoring;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Applies the rows of a database to an image, each with the outcome that was decided then. Their order is another than that of
/// arrival, of which the market is no function; what is one of it is set from the database's own counts afterwards.
/// </summary>
internal sealed class StoredReplay(GridImage image) : IDisposable
{
    private const int EventsAtOnce = 4096;

    private readonly ReplayLine _line = new(image.Shards);
    private readonly List<Outcome> _outcomes = new(EventsAtOnce);
    private Dictionary<SourceId, SourceDeclaration> _sources = [];
    private PlayedBatch? _batch;

    /// <summary>Events applied, rejected ones included.</summary>
    public long Events { get; private set; }

    /// <summary>Partitions that hold something of what is to be applied, and are gone.</summary>
    public IReadOnlyList<string> Gone { get; private set; } = [];

    /// <summary>Applies everything that came after a position.</summary>
    public async Task PlayAsync(StoredRows rows, StoredPosition after, CancellationToken cancel)
    {
        _sources = (await rows.ReadSourcesAsync(cancel).ConfigureAwait(false)).ToDictionary(s => s.Id, s => s.Declaration);

        // First what says of which date and CUSIP the others are.
        await rows.ReadDefinitionsAsync(after, row => RoomFor(row.Tick).Add(row.Tick.Event, row.Definition), cancel).ConfigureAwait(false);
        var goneTicks = await rows.ReadTicksAsync(after, row => RoomFor(row).Add(row.Event), cancel).ConfigureAwait(false);
        var goneRuns = await rows.ReadRunsAsync(after, row => RoomFor(row.Tick).Add(row.Tick.Event, row.Detail), cancel).ConfigureAwait(false);
        await rows.ReadQuarantineAsync(after, AddRejected, cancel).ConfigureAwait(false);
        EndBatch();
        _line.Finish();
        Gone = [.. goneTicks, .. goneRuns];
        foreach (var producer in await rows.ReadProducersAsync(cancel).ConfigureAwait(false))
        {
            image.Producers.Restore(producer.Name, producer.Epoch, producer.LastBatch);
        }

        foreach (var domain in await rows.ReadGapsAsync(cancel).ConfigureAwait(false))
        {
            Declare(domain.Domain.Source);
            image.Gaps.Restore(domain);
        }

        await SetCountsAsync(rows, cancel).ConfigureAwait(false);
    }

    public void Dispose() => _line.Dispose();

    // Duplicates have no rows, and what was late depends on the order of arrival.
    private async Task SetCountsAsync(StoredRows rows, CancellationToken cancel)
    {
        var duplicates = new long[image.Shards.Length];
        foreach (var (id, counts) in await rows.ReadQualityAsync(cancel).ConfigureAwait(false))
        {
            var shard = image.ShardOf(id);
            (image.Instruments[id] ?? shard.AddInstrument(id)).SetCounts(in counts);
            duplicates[shard.Index] += counts.Duplicate;
        }

        foreach (var shard in image.Shards)
        {
            shard.Counts.Add(Outcome.Duplicate, duplicates[shard.Index] - shard.Counts.Duplicate);
        }
    }

    private void AddRejected(RejectedRow row)
    {
        // What the quarantine tells of a batch is its producer.
        if (_batch is { } batch && batch.Batch.Producer != row.Producer)
        {
            EndBatch();
        }

        var events = RoomFor(row.Tick);
        _batch!.Batch.Producer = row.Producer;
        if (row.Run is { } run)
        {
            events.Add(row.Tick.Event, in run);
        }
        else if (row.Definition is { } definition)
        {
            events.Add(row.Tick.Event, definition);
        }
        else
        {
            events.Add(row.Tick.Event);
        }
    }

    // The batch to which an event is added next, whose outcome is noted.
    private EventBatch RoomFor(TickRow row)
    {
        if (_batch?.Batch.Events.Count == EventsAtOnce)
        {
            EndBatch();
        }

        if (_batch is null)
        {
            _batch = _line.Rent();
            _batch.IsDecided = true;
            _batch.Batch.Producer = string.Empty;
        }

        Declare(row.Event.Source);
        _outcomes.Add(row.Outcome);
        Events++;
        return _batch.Batch.Events;
    }

    private void EndBatch()
    {
        if (_batch is { } played)
        {
            played.Batch.MakeRoomForOutcomes();
            _outcomes.CopyTo(played.Batch.Outcomes);
            _outcomes.Clear();
            _batch = null;
            _line.Add(played);
        }
    }

    // Only sources of which there is something: the row of another may be older than its declaration.
    private void Declare(SourceId source)
    {
        if (image.Context.Source(source) is null && _sources.TryGetValue(source, out var declaration))
        {
            image.Context.Declare(source, declaration);
        }
    }
}

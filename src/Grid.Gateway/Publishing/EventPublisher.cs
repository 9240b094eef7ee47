using System.Collections.Concurrent;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Gateway.Publishing;

/// <summary>
/// The way into the grid for everything that comes as text: a few feeds of the server's own, each lent to one publication at
/// a time, so that requests do not wait for each other's flushes and each knows what became of its events. Whoever finds all
/// feeds lent waits. A feed that failed is replaced by the next publication that has its turn.
/// </summary>
/// <remarks>
/// A publication with an identity (<see cref="BatchIdentity"/>) has a feed of its own for its one batch: names are numbered
/// from 1 in the order in which they come, so that the same content makes the same bytes, which is how the grid tells a retry.
/// </remarks>
internal sealed class EventPublisher : IAsyncDisposable
{
    /// <summary>How the names of the server's own producers begin.</summary>
    public const string ReservedPrefix = "grid.";

    private const int ProducerLocks = 64;

    private readonly IGrid _grid;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<PublisherSlot> _slots = new();

    // By a producer's hash: one producer publishes one batch at a time, or a newer connection would close the older.
    private readonly SemaphoreSlim[] _producers = [.. Enumerable.Range(0, ProducerLocks).Select(_ => new SemaphoreSlim(1, 1))];

    private readonly Lock _epochs = new();
    private ulong _lastEpoch;

    /// <param name="grid">Where events go.</param>
    /// <param name="name">A name for its producers.</param>
    /// <param name="feedsMax">Publications at a time.</param>
    /// <param name="time">The clock.</param>
    public EventPublisher(IGrid grid, string name, int feedsMax, TimeProvider time)
    {
        _grid = grid;
        _name = name;
        _time = time;
        _free = new SemaphoreSlim(feedsMax, feedsMax);
        for (var number = feedsMax; number > 0; number--)
        {
            _slots.Push(new PublisherSlot(number));
        }
    }

    /// <summary>Throws if a client's producer has a name that is the server's own.</summary>
    /// <exception cref="GridException">BadName.</exception>
    public static void RequireOther(string producer)
    {
        if (producer.StartsWith(ReservedPrefix, StringComparison.Ordinal))
        {
            throw new GridException(GridErrorCode.BadName, $"producer '{producer}' begins with '{ReservedPrefix}', which is the server's own");
        }
    }

    /// <summary>Begins a publication; waits while all feeds are lent.</summary>
    /// <exception cref="GridException">What refuses a feed: EpochStale, StorageFailed, Stopping.</exception>
    public async ValueTask<Publication> BeginAsync(PublicationTerms terms, CancellationToken cancel)
    {
        if (terms.Batch is { } batch)
        {
            await LockOf(batch).WaitAsync(cancel).ConfigureAwait(false);
        }

        PublisherSlot? slot = null;
        try
        {
            await _free.WaitAsync(cancel).ConfigureAwait(false);
            _slots.TryPop(out slot);
            return new Publication(this, slot!, await OpenAsync(slot!, terms, cancel).ConfigureAwait(false), terms);
        }
        catch
        {
            if (slot is not null)
            {
                Return(slot);
            }

            Unlock(terms);
            throw;
        }
    }

    /// <summary>Closes the feeds; all publications are over.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_slots.TryPop(out var slot))
        {
            await slot.CloseAsync().ConfigureAwait(false);
        }

        _free.Dispose();
        Array.ForEach(_producers, static p => p.Dispose());
    }

    /// <summary>Takes back what a publication had.</summary>
    public async ValueTask ReturnAsync(PublisherSlot slot, PublisherFeed feed, PublicationTerms terms)
    {
        if (terms.Batch is not null)
        {
            await feed.DisposeAsync().ConfigureAwait(false);
        }

        Return(slot);
        Unlock(terms);
    }

    private async ValueTask<PublisherFeed> OpenAsync(PublisherSlot slot, PublicationTerms terms, CancellationToken cancel)
    {
        if (terms.Batch is { } batch)
        {
            return await PublisherFeed.OpenAsync(_grid, batch.Producer, batch.Epoch, cancel).ConfigureAwait(false);
        }

        if (slot.Feed is { } open && (open.IsBroken || open.NamesHeld > GridLimits.PublisherNamesMax))
        {
            await slot.CloseAsync().ConfigureAwait(false);
        }

        return slot.Feed ??= await OpenAsync($"{ReservedPrefix}{_name}.{slot.Number}", cancel).ConfigureAwait(false);
    }

    private async ValueTask<PublisherFeed> OpenAsync(string producer, CancellationToken cancel)
    {
        try
        {
            return await PublisherFeed.OpenAsync(_grid, producer, NextEpoch(0), cancel).ConfigureAwait(false);
        }
        catch (GridException e) when (e.Code == GridErrorCode.EpochStale)
        {
            // A clock that was ahead when an earlier process began would else refuse all text until it is reached again.
            var known = (await _grid.GetProducersAsync(cancel).ConfigureAwait(false)).FirstOrDefault(p => p.Name == producer)?.Epoch ?? 0;
            return await PublisherFeed.OpenAsync(_grid, producer, NextEpoch(known), cancel).ConfigureAwait(false);
        }
    }

    // Greater than those of earlier processes, as far as clocks go, than those of this one, and than one that is known.
    private ulong NextEpoch(ulong known)
    {
        lock (_epochs)
        {
            return _lastEpoch = Math.Max((ulong)UnixNanos.From(_time.GetUtcNow()).Value, Math.Max(_lastEpoch, known) + 1);
        }
    }

    private void Return(PublisherSlot slot)
    {
        _slots.Push(slot);
        _free.Release();
    }

    private void Unlock(PublicationTerms terms)
    {
        if (terms.Batch is { } batch)
        {
            LockOf(batch).Release();
        }
    }

    private SemaphoreSlim LockOf(BatchIdentity batch) => _producers[(uint)batch.Producer.GetHashCode(StringComparison.Ordinal) % ProducerLocks];
}

/// <summary>A place for one publication at a time: its feed, which stays open for the next, and memory to encode into.</summary>
internal sealed class PublisherSlot(int number)
{
    public int Number => number;

    public EventBatchEncoder Encoder { get; } = new();

    public PublisherFeed? Feed { get; set; }

    public async ValueTask CloseAsync()
    {
        if (Feed is { } feed)
        {
            Feed = null;
            await feed.DisposeAsync().ConfigureAwait(false);
        }
    }
}

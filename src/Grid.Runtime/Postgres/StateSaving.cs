using Grid.Domain;
using Grid.Storage;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Restoring;
using Grid.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Saves the state of the grid in the database now and then, beside the flushes: a snapshot of the data folder, once the database
/// has everything that it holds. A grid whose disk is lost begins with such a state and reads the rows that came after it.
/// </summary>
internal sealed partial class StateSaving(GridEngine engine, DataFolder data, PostgresOptions options, PostgresWriter writer, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private readonly SnapshotCatalog _snapshots = new(data.Snapshots);
    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;

    // Completed when a flush is committed; replaced then.
    private TaskCompletionSource _committed = NewSignal();

    // What the database held when it was claimed. A snapshot that does not reach so far is of an earlier life, which had another epoch.
    private ulong _claimedLsn;

    /// <summary>Begins, once the database is claimed.</summary>
    /// <param name="newest">The newest state that the database holds; null for none.</param>
    public void Begin(SavedState? newest)
    {
        _claimedLsn = writer.CommittedLsn;
        if (options.StateInterval > TimeSpan.Zero)
        {
            _running = Task.Run(() => RunAsync(newest?.SavedAt), CancellationToken.None);
        }
    }

    /// <summary>Says that a flush was committed.</summary>
    public void NoteCommitted() => Interlocked.Exchange(ref _committed, NewSignal()).SetResult();

    /// <summary>Begins nothing more, and gives up what is being saved.</summary>
    public Task StopAsync() => _ending.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(DateTimeOffset? savedAt)
    {
        // Of a grid that has saved a state before and has had no event since, the state is the same.
        var savedLsn = savedAt is null ? 0 : _claimedLsn;
        while (true)
        {
            try
            {
                if (savedAt is { } before && before + options.StateInterval - time.GetUtcNow() is { Ticks: > 0 } left)
                {
                    await Task.Delay(left, time, _ending.Token).ConfigureAwait(false);
                }

                await WaitForCommitAsync(savedLsn + 1).ConfigureAwait(false);
                var lsn = await SaveAsync().ConfigureAwait(false);
                savedAt = time.GetUtcNow();
                savedLsn = Math.Max(savedLsn, lsn);
            }
            catch (Exception e) when (e is OperationCanceledException or GridException)
            {
                // The grid stops, or has.
                return;
            }
            catch (GridStorageException e)
            {
                LogNotSaved(e, options.CircuitOpenFor);
                savedAt = time.GetUtcNow() - options.StateInterval + options.CircuitOpenFor;
            }
        }
    }

    private async Task<ulong> SaveAsync()
    {
        await engine.SnapshotAsync().WaitAsync(_ending.Token).ConfigureAwait(false);
        var lsn = engine.SnapshotLsn;
        if (lsn < _claimedLsn)
        {
            throw new GridStorageException("no snapshot could be taken, of which the state in the database would be a copy");
        }

        // Some of what it holds is newer than the moment it is of, but none is newer than this.
        var newest = engine.Image.Subscriptions.Flushed.Newest;
        using var file = _snapshots.OpenFile(lsn);
        await WaitForCommitAsync(newest).ConfigureAwait(false);
        await writer.SaveStateAsync(lsn, file, _ending.Token).ConfigureAwait(false);
        LogSaved(lsn, file.Length);
        return lsn;
    }

    private async Task WaitForCommitAsync(ulong lsn)
    {
        while (true)
        {
            var committed = Volatile.Read(ref _committed).Task;
            if (writer.CommittedLsn >= lsn)
            {
                return;
            }

            await committed.WaitAsync(_ending.Token).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(EventId = 1042, Level = LogLevel.Information, Message = "Saved the state of journal frame {Lsn} in PostgreSQL, {Bytes} bytes")]
    private partial void LogSaved(ulong lsn, long bytes);

    [LoggerMessage(EventId = 1043, Level = LogLevel.Warning, Message = "The state could not be saved in PostgreSQL; the next attempt is in {Next}")]
    private partial void LogNotSaved(Exception cause, TimeSpan next);
}

using Grid.Domain.Identifiers;
using Grid.Runtime.Recovery;
using Grid.Runtime.Snapshots;
using Grid.Storage;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Restoring;
using Grid.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Fills an empty data folder with what a database holds, whose own folder is lost: a saved state, and in the order of the
/// partitions what came after it. The database is claimed first, so nothing is added to it meanwhile.
/// </summary>
internal static partial class WarmStart
{
    private const string ImportFolder = "import";

    /// <summary>What the folder begins with; null if it has something of its own, or the database is empty.</summary>
    /// <exception cref="GridStorageException">
    /// The database is another folder's and not to be taken over, or cannot be read. A folder whose filling was begun is not used before it ended.
    /// </exception>
    public static async Task<RestoredImage?> TryAsync(DataFolder data, EmbeddedGridOptions options, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var isBegun = data.IsBeingFilled;
        if (isBegun)
        {
            if (new SnapshotCatalog(data.Snapshots).FindNewest(out _) is not null)
            {
                data.EndFilling();
                return null;
            }

            data.Clear();
        }

        if (options.Postgres is not { } postgres)
        {
            return isBegun ? throw NeedsItsDatabase(data) : null;
        }

        if (!data.IsEmpty)
        {
            return null;
        }

        await using var stored = new StoredGrid(postgres);
        try
        {
            if (!await stored.HasRowsAsync(cancel).ConfigureAwait(false))
            {
                return isBegun ? throw NeedsItsDatabase(data) : null;
            }
        }
        catch (GridStorageException e) when (e.IsTransient && !isBegun && !postgres.TakeOver)
        {
            LogNotAsked(log, e);
            return null;
        }

        data.BeginFilling();
        try
        {
            await using var writer = new PostgresWriter(postgres, FolderIdentity.Of(data.Root), new GridNames());
            await writer.ClaimAsync(0, cancel).ConfigureAwait(false);
        }
        catch (GridStorageException e) when (!e.IsTransient && !isBegun)
        {
            // It was refused. Of an answer that was lost nobody knows.
            data.GiveUpFilling();
            throw;
        }

        return await FillAsync(data, options, stored, time, log, cancel).ConfigureAwait(false);
    }

    private static async Task<RestoredImage> FillAsync(
        DataFolder data, EmbeddedGridOptions options, StoredGrid stored, TimeProvider time, ILogger log, CancellationToken cancel)
    {
        var begunAt = time.GetTimestamp();
        var state = await stored.FindStateAsync(cancel).ConfigureAwait(false);
        var from = state is null ? "its oldest rows" : $"its state of {state.SavedAt:yyyy-MM-dd HH:mm:ss}Z";
        LogBegins(log, from);
        var image = await LoadStateAsync(data, options, stored, state, cancel).ConfigureAwait(false);
        try
        {
            using var replay = new StoredReplay(image);
            await stored.ReadAsync(image.Names, rows => replay.PlayAsync(rows, state?.Position ?? default, cancel), cancel).ConfigureAwait(false);
            return new RestoredImage(
                image,
                $"filled from the database: {from} and {replay.Events} events after it in {time.GetElapsedTime(begunAt).TotalSeconds:F2} s, {image.Shards.Sum(s => s.Instruments)} instruments",
                [.. Remarks(options.Postgres!, replay)]);
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    private static GridStorageException NeedsItsDatabase(DataFolder data) =>
        new($"data folder '{data.Root.Path}' was being filled from a database and has nothing yet: start with that database again, or with another folder");

    private static IEnumerable<string> Remarks(PostgresOptions postgres, StoredReplay replay)
    {
        if (postgres.TickClasses is { } classes)
        {
            yield return $"the database keeps ticks of the classes [{string.Join(", ", classes)}] only: instruments of others are as the saved state has them, and what came after it may be applied once more";
        }

        foreach (var partition in replay.Gone)
        {
            yield return $"{partition} was dropped from the database: what it held is missing in history and windows";
        }
    }

    // The hot stores that the state refers to are lost: reading of what was in them says that it is not complete.
    private static async Task<GridImage> LoadStateAsync(DataFolder data, EmbeddedGridOptions options, StoredGrid stored, SavedState? state, CancellationToken cancel)
    {
        var image = new GridImage(options.Rules, options.QuarantineListMax, options.CusipsMax);
        try
        {
            var stores = data.HotStores(options, readOnly: false);
            if (state is null)
            {
                var shards = options.EffectiveShards();
                image.SetShards([.. Enumerable.Range(0, shards).Select(i => stores.Open(i, shards, default))]);
                return image;
            }

            var folder = data.Root.Subdirectory(ImportFolder);
            var catalog = new SnapshotCatalog(folder);
            using (var file = catalog.Import(state.Position.Lsn))
            {
                await stored.CopyStateAsync(state, file, cancel).ConfigureAwait(false);
            }

            using (var snapshot = catalog.Open(state.Position.Lsn))
            {
                SnapshotLoader.Load(snapshot, image, stores);
            }

            image.Quarantine.ForgetFrames();
            Directory.Delete(folder.Path, recursive: true);
            return image;
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    [LoggerMessage(EventId = 1040, Level = LogLevel.Warning, Message = "The data folder is empty and PostgreSQL cannot be asked what it holds: beginning with nothing. If it holds another folder's grid, nothing will be written to it")]
    private static partial void LogNotAsked(ILogger log, Exception cause);

    [LoggerMessage(EventId = 1041, Level = LogLevel.Information, Message = "The data folder is empty: filling it with what PostgreSQL holds, from {State} on")]
    private static partial void LogBegins(ILogger log, string state);
}

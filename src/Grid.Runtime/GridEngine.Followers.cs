using Grid.Runtime.Archive;
using Grid.Runtime.Postgres;
using Grid.Runtime.Sequencing;
using Grid.Storage.Archive;
using Grid.Storage.Postgres;

namespace Grid.Runtime;

/// <content>Who follows the journal behind its writer: PostgreSQL and the archive.</content>
internal sealed partial class GridEngine
{
    // Null where nothing is written to PostgreSQL, and until that has begun.
    private volatile PostgresPump? _postgres;

    // Null where nothing is archived.
    private volatile Archiver? _archive;

    /// <summary>What writes to PostgreSQL; null if nothing does.</summary>
    public PostgresPump? Postgres => _postgres;

    /// <summary>What writes the archive; null if nothing does.</summary>
    public Archiver? Archive => _archive;

    /// <summary>Begins to write to PostgreSQL.</summary>
    /// <exception cref="Storage.GridStorageException">The database is there, but not for this grid.</exception>
    public async Task StartPostgresAsync(PostgresOptions options, TimeProvider time, CancellationToken cancel)
    {
        var pump = new PostgresPump(this, _data, options, FolderIdentity.Of(_data.Root), time, _log);
        try
        {
            await pump.StartAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            await pump.DisposeAsync().ConfigureAwait(false);
            Intake.Owed.End();
            throw;
        }

        _postgres = pump;
    }

    /// <summary>Begins to archive.</summary>
    /// <exception cref="Storage.GridStorageException">The archive is damaged, or not this journal's.</exception>
    public void StartArchive(ArchiveOptions options, TimeProvider time)
    {
        var archive = new Archiver(Journal, _data, Intake.OwedToArchive, Image.Names, options, time, _log);
        archive.Start();
        _archive = archive;
    }

    /// <summary>Acknowledges what waited for PostgreSQL and is in it now.</summary>
    public Task CommittedAsync(ulong throughLsn, IReadOnlyList<ProducerRow> producers)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new SequencerCall(sequencer =>
        {
            sequencer.Commit(throughLsn, producers);
            done.SetResult();
        }));
        return UnlessItFails(done.Task);
    }

    private async Task StopPostgresAsync()
    {
        if (_postgres is { } postgres)
        {
            await postgres.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StopArchiveAsync()
    {
        if (_archive is { } archive)
        {
            await archive.DisposeAsync().ConfigureAwait(false);
        }
    }
}

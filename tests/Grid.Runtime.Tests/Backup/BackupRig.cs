using Grid.Runtime.Backup;
using Grid.Runtime.Recovery;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage.Postgres;
using Grid.Testing;

namespace Grid.Runtime.Tests.Backup;

/// <summary>A data folder, a folder of backups, and data folders that are made of them.</summary>
internal sealed class BackupRig : IAsyncDisposable
{
    private readonly TempFolder _temp = new();
    private readonly List<EmbeddedGrid> _restored = [];
    private int _restores;

    public GridFolder Folder { get; } = new();

    public string Backups => _temp.File("backups");

    public ManualTime Time => Folder.Time;

    public string File(string name) => _temp.File(name);

    public Task<EmbeddedGrid> OpenAsync() => Folder.OpenAsync();

    /// <summary>Backs the data folder up, whether a grid has it open or not.</summary>
    public async Task<BackupReport> BackupAsync(PostgresAddress? database = null) => await GridBackup.CreateAsync(
        new BackupOptions { DataFolder = Folder.Options.DataFolder, Target = Backups, KeyFile = Folder.PathOf("keys.json"), Database = database },
        TimeProvider.System,
        TestContext.Current.CancellationToken);

    /// <summary>Restores a backup into a new data folder.</summary>
    public Task<RestoreReport> RestoreAsync(string backup, DateTimeOffset? until = null, string? journal = null, PostgresAddress? database = null) => GridRestore.RunAsync(
        new RestoreOptions
        {
            Backup = backup,
            DataFolder = File($"restored-{++_restores}"),
            Until = until is { } time ? Domain.Identifiers.UnixNanos.From(time) : null,
            Journal = journal,
            Database = database,
        },
        TestContext.Current.CancellationToken);

    /// <summary>Where the newest restore went, or was to go.</summary>
    public string NewestRestored => File($"restored-{_restores}");

    /// <summary>Options of a grid over another data folder.</summary>
    public EmbeddedGridOptions OptionsOf(string dataFolder) => new()
    {
        DataFolder = dataFolder,
        Shards = Folder.Options.Shards,
        HotStoreBytesMax = Folder.Options.HotStoreBytesMax,
        Journal = Folder.Options.Journal,
        SnapshotJournalBytes = Folder.Options.SnapshotJournalBytes,
        Archive = Folder.Options.Archive,
    };

    public async Task<EmbeddedGrid> OpenRestoredAsync(string dataFolder, PostgresOptions? postgres = null)
    {
        var options = OptionsOf(dataFolder);
        options.Postgres = postgres;
        var grid = await EmbeddedGrid.OpenAsync(options, postgres is null ? Time : TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        _restored.Add(grid);
        return grid;
    }

    /// <summary>Both hashes of a data folder that no grid has open.</summary>
    public async Task<(string Market, string Full)> HashAsync(string dataFolder)
    {
        var replayed = await JournalReplay.HashAsync(OptionsOf(dataFolder));
        return (replayed.Market, replayed.Full);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var grid in _restored)
        {
            await grid.DisposeAsync();
        }

        await Folder.DisposeAsync();
        _temp.Dispose();
    }
}

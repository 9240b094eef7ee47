using System.Collections.Concurrent;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Clustering;
using Grid.Silo.Hosting;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;
using Microsoft.Extensions.Logging;

namespace Grid.Silo.Stores;

/// <summary>What the grains of a silo share: its committer, names, rules and declarations. It is open while grains may be active.</summary>
internal sealed partial class SiloStore : IAsyncDisposable
{
    private readonly ConcurrentBag<EventBatch> _batches = [];
    private readonly ILogger _log;
    private GroupCommitter? _committer;
    private SiloSources? _sources;

    public SiloStore(GridSiloOptions options, RuleBook rules, TimeProvider time, ILogger<SiloStore> log)
    {
        _log = log;
        Options = options;
        Time = time;
        var names = new GridNames();
        Scope = new ClusterScope(names, new InstrumentContext(names), rules, options.RecentTicksMax, options.RecentBarsMax);
    }

    public GridSiloOptions Options { get; }

    public TimeProvider Time { get; }

    public ClusterScope Scope { get; }

    public GridNames Names => Scope.Names;

    public GroupCommitter Committer => _committer ?? throw new InvalidOperationException("the silo's store is not open yet");

    public SiloSources Sources => _sources ?? throw new InvalidOperationException("the silo's store is not open yet");

    /// <summary>Claims the silo; earlier starts of it commit no more.</summary>
    public async Task OpenAsync(CancellationToken cancel)
    {
        _committer = await GroupCommitter.OpenAsync(Options.Postgres, Options.Commit, Names, Time, TellIfSlow, cancel);
        _sources = new SiloSources(_committer.Sources, Scope.Context);
    }

    /// <summary>Commits what was handed over and ends.</summary>
    public Task StopAsync(CancellationToken cancel) => _committer?.StopAsync(cancel) ?? Task.CompletedTask;

    /// <summary>An empty batch to decode into; <see cref="Return"/> takes it back.</summary>
    public EventBatch Rent() => _batches.TryTake(out var batch) ? batch : new EventBatch();

    public void Return(EventBatch batch)
    {
        batch.Clear();
        _batches.Add(batch);
    }

    public ValueTask DisposeAsync() => _committer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void TellIfSlow(StatementRun run)
    {
        if (Options.Postgres.SlowStatement > TimeSpan.Zero && run.Took >= Options.Postgres.SlowStatement)
        {
            LogSlow(run.Statement.Text(), run.Took, run.Rows, run.Failure ?? "no failure");
        }
    }

    [LoggerMessage(EventId = 1105, Level = LogLevel.Warning, Message = "PostgreSQL took {Took} for {Statement} of {Rows} rows ({Failure})")]
    private partial void LogSlow(string statement, TimeSpan took, long rows, string failure);
}

using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>A server of these tests' own, with a login that may no more than a silo needs.</summary>
public sealed class CommitServer : IAsyncLifetime
{
    // 2024-05-01T12:00:00Z.
    public static readonly UnixNanos Start = new(1_714_564_800 * UnixNanos.PerSecond);

    private readonly PrivatePostgres _server = new();

    public async ValueTask InitializeAsync()
    {
        await using var database = await MigratedDatabase.CreateAsync(_server);
        await MigratedDatabase.CreateLoginAsync(database, "silo", "grid_writer");
    }

    public Task<PrivateDatabase> CreateAsync() => MigratedDatabase.CreateAsync(_server);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>A committer of a silo, which reaches the server by a port of its own if one is given.</summary>
    internal static Task<GroupCommitter> OpenAsync(PrivateDatabase database, string silo, GridNames names, int? port = null, int queueRows = 500_000) =>
        GroupCommitter.OpenAsync(
            new PostgresOptions
            {
                ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionStringOf("silo", "silo")) { Port = port ?? database.Server.Port }.ConnectionString,
                ApplicationName = silo,
                RetryDelay = TimeSpan.FromMilliseconds(1),
                RetryDelayMax = TimeSpan.FromMilliseconds(20),
                CircuitFailures = 1000,
            },
            new GroupCommitOptions { Silo = silo, QueueRowsMax = queueRows },
            names,
            TimeProvider.System,
            TestContext.Current.CancellationToken);

    /// <summary>A slice with trades whose sequences are the batch times 1000 and their place; the conditions are a mark.</summary>
    internal static CommitSlice SliceOf(GrainClaim grain, GridNames names, ulong batch, int rows, uint mark = 0, string producer = "P", ulong producerEpoch = 1)
    {
        var slice = grain.NewSlice(producer, producerEpoch, batch, rows);
        for (var i = 0; i < rows; i++)
        {
            slice.Add(Trade(grain, names, (batch * 1000) + (ulong)i, mark), Outcome.Accepted);
        }

        return slice;
    }

    internal static MarketEvent Trade(GrainClaim grain, GridNames names, ulong sequence, uint mark = 0) => new()
    {
        Kind = EventKind.Trade,
        Source = new SourceId((ushort)names.Sources.GetOrAdd("S")),
        Venue = new VenueId((ushort)names.Venues.GetOrAdd("XNYS")),
        Instrument = grain.Instrument,
        Session = 20240501,
        Conditions = mark,
        Sequence = sequence,
        EventTime = new UnixNanos(Start.Value + ((long)sequence * 1_000_123)),
        ReceiveTime = new UnixNanos(Start.Value + ((long)sequence * 1_000_123) + 7),
        F0 = 100_000_000_000 + (long)sequence,
        F1 = 100_000_000,
    };
}

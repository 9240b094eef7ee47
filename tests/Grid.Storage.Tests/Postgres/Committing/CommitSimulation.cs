using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Grid.Storage.Postgres.Committing;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres.Committing;

/// <summary>
/// Two silos that compete for grains, of which each grain's producer sends its batches until each is committed, now to one silo,
/// now to the other; and faults of a seed: connections killed in the server or cut in COMMIT, committers dropped and started again.
/// </summary>
internal sealed class CommitSimulation(PrivateDatabase database, int seed) : IAsyncDisposable
{
    private const int Grains = 10;
    private const ulong Batches = 25;
    private const int Rows = 4;
    private const int InFlightMax = 3;
    private static readonly string[] Silos = ["silo-1", "silo-2"];

    private readonly CommitHost[] _hosts = [new(database, Silos[0]), new(database, Silos[1])];
    private readonly ConcurrentBag<uint> _stale = [];
    private readonly SemaphoreSlim _faultGate = new(1, 1);
    private readonly Random _faults = new(seed);
    private int _attempts;

    /// <summary>Faults of each kind, for the log.</summary>
    public ConcurrentDictionary<string, int> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>Runs until every batch is committed, then checks what the database holds.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        foreach (var host in _hosts)
        {
            await host.StartAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, Grains).Select(g => Task.Run(() => ProduceAsync(g, new Random((seed * 1000) + g), cancel), cancel)));
        foreach (var host in _hosts)
        {
            await host.Committer.StopAsync(cancel);
        }

        await CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        _faultGate.Dispose();
    }

    private async Task ProduceAsync(int grain, Random random, CancellationToken cancel)
    {
        var host = _hosts[random.Next(2)];
        for (ulong next = 1; next <= Batches;)
        {
            if (random.Next(6) == 0)
            {
                host = _hosts[random.Next(2)];
            }

            try
            {
                var activation = await host.ActivateAsync($"G{grain}", Check, cancel);
                next = Math.Max(next, activation.Committed + 1);
                var committer = activation.Committer;
                var inFlight = new List<(Task Commit, uint Attempt)>();
                for (var batch = next; batch <= Math.Min(Batches, next + (ulong)random.Next(InFlightMax)); batch++)
                {
                    var attempt = (uint)Interlocked.Increment(ref _attempts);
                    var room = await committer.ReserveAsync(Rows, cancel);
                    inFlight.Add((committer.CommitAsync(room, CommitServer.SliceOf(activation.Claim, host.Names, batch, Rows, attempt)), attempt));
                    if (random.Next(8) == 0)
                    {
                        _ = SaveAsync(committer, activation.Claim, batch);
                    }
                }

                await Task.WhenAll(inFlight.Select(i => NoteStaleAsync(i.Commit, i.Attempt)));
                foreach (var (commit, _) in inFlight)
                {
                    await commit;
                    next++;
                }

                host.Note($"G{grain}", next - 1);
            }
            catch (CommitRefusedException)
            {
                host.Forget($"G{grain}");
            }

            await HarmAsync(cancel);
        }
    }

    private static async Task SaveAsync(GroupCommitter committer, GrainClaim claim, ulong batch)
    {
        try
        {
            await committer.SaveAsync(claim, Encoding.ASCII.GetBytes(batch.ToString(CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is CommitRefusedException or InvalidOperationException)
        {
            // The activation was refused, or its last state is still on its way.
        }
    }

    private async Task NoteStaleAsync(Task commit, uint attempt)
    {
        try
        {
            await commit;
        }
        catch (CommitRefusedException e)
        {
            if (e.Reason is CommitRefusal.StaleGrain or CommitRefusal.BehindRefused)
            {
                _stale.Add(attempt);
            }
        }
    }

    // Snapshot and tail together are the first batches, each whole and once.
    private static void Check(LoadedGrain grain)
    {
        var highest = grain.Windows.Count == 0 ? 0 : grain.Windows[0].Window.Highest;
        var saved = grain.Snapshot is { } snapshot ? ulong.Parse(Encoding.ASCII.GetString(snapshot.State), CultureInfo.InvariantCulture) : 0;
        var expected = from batch in Enumerable.Range((int)saved + 1, (int)(highest - saved))
                       from row in Enumerable.Range(0, Rows)
                       select (ulong)((batch * 1000) + row);
        Assert.Equal(expected, grain.Ticks.Select(t => t.Event.Sequence));
        Assert.All(grain.Windows, w => Assert.Equal((1UL << (int)highest) - 1, w.Window.Seen));
    }

    private async Task HarmAsync(CancellationToken cancel)
    {
        await _faultGate.WaitAsync(cancel);
        try
        {
            var host = _hosts[_faults.Next(2)];
            switch (_faults.Next(40))
            {
                case 0:
                    Count("backends killed");
                    await database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '{host.Silo}'");
                    break;
                case 1 or 2:
                    Count("cut before COMMIT");
                    host.Relay.CutNextCommit(CommitCut.Before);
                    break;
                case 3 or 4:
                    Count("cut after COMMIT");
                    host.Relay.CutNextCommit(CommitCut.After);
                    break;
                case 5:
                    Count("all cut");
                    host.Relay.CutAll();
                    break;
                case 6:
                    Count("dropped");
                    host.Relay.CutAll();
                    await host.Committer.DisposeAsync();
                    await host.StartAsync();
                    break;
                case 7:
                    Count("superseded");
                    await host.StartAsync();
                    break;
            }
        }
        finally
        {
            _faultGate.Release();
        }
    }

    private void Count(string fault) => Faults.AddOrUpdate(fault, 1, (_, n) => n + 1);

    private async Task CheckAsync()
    {
        Assert.Equal([$"{Grains}|{Grains * (int)Batches * Rows}"], await database.RowsAsync("SELECT count(DISTINCT instrument_id), count(*) FROM grid.tick"));
        Assert.Empty(await database.RowsAsync($"""
            SELECT instrument_id, sequence / 1000 FROM grid.tick
            GROUP BY 1, 2 HAVING count(*) <> {Rows} OR count(DISTINCT sequence) <> {Rows} OR count(DISTINCT conditions) <> 1 OR count(DISTINCT lsn) <> 1
            """));
        Assert.Empty(await database.RowsAsync($"SELECT conditions FROM grid.tick WHERE conditions IN ({string.Join(',', _stale.Append(0U))})"));
        Assert.Empty(await database.RowsAsync("""
            SELECT * FROM (SELECT sequence, lag(sequence) OVER (PARTITION BY instrument_id ORDER BY lsn, frame_row) AS before FROM grid.tick) AS t
            WHERE sequence < before
            """));
        Assert.Empty(await database.RowsAsync("""
            SELECT s.name FROM grid.silo AS s LEFT JOIN grid.commit AS c ON c.silo_id = s.id
            GROUP BY s.id HAVING count(c.id) <> s.last_number OR coalesce(max(c.number), 0) <> s.last_number
            """));
        Assert.Empty(await database.RowsAsync("""
            SELECT c.id FROM grid.commit AS c FULL JOIN (SELECT lsn, count(*) AS ticks FROM grid.tick GROUP BY lsn) AS t ON t.lsn = c.id
            WHERE c.ticks IS DISTINCT FROM coalesce(t.ticks, 0)::integer
            """));
        Assert.Equal([$"1|{Batches}|{(1UL << (int)Batches) - 1}"], await database.RowsAsync("SELECT DISTINCT producer_epoch, highest, seen FROM grid.slice"));
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
    }
}

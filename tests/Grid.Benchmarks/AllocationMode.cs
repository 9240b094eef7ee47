using System.Diagnostics;
using Grid.Domain.Identifiers;
using Grid.Domain.Events;

namespace Grid.Benchmarks;

/// <summary>
/// What the whole embedded engine allocates per event once it is warm: decode, journal, shards, outcomes, flush and
/// acknowledge, fed in this process from batches that were encoded before.
/// </summary>
internal static class AllocationMode
{
    private const int Batches = 1_000;
    private const int Rounds = 5;

    public static async Task<int> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("grid-benchmarks-").FullName;
        try
        {
            await using var rig = await GridRig.OpenAsync(folder);
            var names = new GridNames();
            var stream = new MarketStream(names);
            await rig.BeginAsync(names, stream.Declaration);
            var encoder = new EventBatchEncoder();
            const double Events = (double)Batches * MarketStream.BatchEvents;
            for (var round = 1; round <= Rounds; round++)
            {
                var collections = GC.CollectionCount(0);
                var before = GC.GetTotalAllocatedBytes(precise: true);
                var startedAt = Stopwatch.GetTimestamp();
                await SubmitAsync(rig, stream, encoder, Batches);
                var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
                var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
                Console.WriteLine($"round {round}: {Events / seconds / 1e6:0.00} million events/s with encoding, {allocated / Events:0.0000} bytes per event, {allocated / (double)Batches:N0} per batch of {MarketStream.BatchEvents:N0}, {GC.CollectionCount(0) - collections} collections");
            }

            var status = rig.Grid.GetStatus();
            Console.WriteLine($"all: {status.JournalFlushes:N0} flushes; {status.Outcomes.Accepted:N0} accepted, {status.Outcomes.Duplicate:N0} duplicate, {status.Outcomes.Flagged:N0} flagged, {status.Outcomes.Rejected:N0} rejected");
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SubmitAsync(GridRig rig, MarketStream stream, EventBatchEncoder encoder, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            encoder.Clear();
            foreach (ref readonly var e in stream.Next())
            {
                encoder.Add(in e);
            }

            await rig.SubmitAsync(encoder);
        }

        await rig.DrainAsync();
    }
}

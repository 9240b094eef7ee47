using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Cli.Bench;

/// <summary>
/// Makes the stream of a feeder again, from its seed and the moves of its clock, and applies it to a grid in this process:
/// the server's market hash must be this one's.
/// </summary>
internal static class IngestBenchReference
{
    /// <summary>The market hash of the same stream.</summary>
    /// <param name="folder">For its data; not there yet.</param>
    /// <param name="feeder">What the feeder was asked.</param>
    /// <param name="report">What it did.</param>
    /// <param name="cancel">Ends it early.</param>
    public static async Task<string> MarketHashAsync(string folder, IngestFeederOptions feeder, IngestFeederReport report, CancellationToken cancel)
    {
        var steps = MemoryMarshal.Cast<byte, IngestClockStep>(await File.ReadAllBytesAsync(feeder.ClockFile, cancel)).ToArray();
        var time = new MarketTime();
        await using var grid = await EmbeddedGrid.OpenAsync(new EmbeddedGridOptions { DataFolder = folder }, time, NullLoggerFactory.Instance, cancel);
        var listener = new Listener();
        await using var feed = await grid.OpenFeedAsync(new FeedHello("bench", 1, AckLevel.Journaled), listener, cancel);
        var counts = new int[4];
        var market = new SyntheticMarket(feeder.Market(new UnixNanos(report.Start)), (kind, name) =>
        {
            feed.AddName(kind, name);
            return ++counts[(int)kind];
        });
        await feed.DeclareSourceAsync(market.Declaration, cancel);
        var encoder = new EventBatchEncoder();
        ulong batch = 0;
        var step = 0;
        while (TryNext(market, steps, ref step, report.GivenInTurn, time, out var e))
        {
            encoder.Add(in e);
            if (encoder.Count >= feeder.BatchEvents)
            {
                await SubmitAsync();
            }
        }

        if (encoder.Count > 0)
        {
            await SubmitAsync();
        }

        await listener.WaitForAsync(batch, cancel);
        return (await grid.HashAsync()).Market;

        async ValueTask SubmitAsync()
        {
            await feed.SubmitAsync(++batch, encoder.Finish().ToArray(), cancel);
            encoder.Clear();
        }
    }

    // The feeder stops giving when it is asked to; the rest is what was held back.
    private static bool TryNext(SyntheticMarket market, IngestClockStep[] steps, ref int step, long givenInTurn, MarketTime time, out MarketEvent e)
    {
        while (step < steps.Length && steps[step].Given == market.Given)
        {
            time.Now = new UnixNanos(steps[step].Time);
            market.AdvanceTo(time.Now);
            step++;
        }

        if (market.Given < givenInTurn)
        {
            market.Next(out e);
            return true;
        }

        return market.TryDrain(out e);
    }

    private sealed class MarketTime : TimeProvider
    {
        public UnixNanos Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now.ToDateTimeOffset();
    }

    private sealed class Listener : IFeedListener
    {
        private readonly Lock _gate = new();
        private ulong _acknowledged;
        private GridException? _closed;
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Acknowledged(in Acknowledgement acknowledgement) => Change(acknowledgement.Batch, null);

        public void Closed(GridException reason) => Change(0, reason);

        public async Task WaitForAsync(ulong batch, CancellationToken cancel)
        {
            while (true)
            {
                Task changed;
                lock (_gate)
                {
                    if (_closed is not null)
                    {
                        throw new GridException(_closed.Code, _closed.Message, _closed);
                    }

                    if (_acknowledged >= batch)
                    {
                        return;
                    }

                    changed = _changed.Task;
                }

                await changed.WaitAsync(cancel);
            }
        }

        private void Change(ulong batch, GridException? closed)
        {
            lock (_gate)
            {
                _acknowledged = Math.Max(_acknowledged, batch);
                _closed ??= closed;
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}

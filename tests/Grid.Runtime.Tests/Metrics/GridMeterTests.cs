using System.Diagnostics.Metrics;
using Grid.Runtime.Metrics;
using Grid.Runtime.Tests.Embedded;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Metrics;

/// <summary>What an engine says of itself. Other tests run engines at the same time, so only what one feed did is looked at.</summary>
public sealed class GridMeterTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Status_counts_each_batch_once_in_its_latencies()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01", "11"));
        await feed.SendAsync(Trade(3, "10:00:02", "12"));

        var status = grid.GetStatus();

        Assert.Equal((2L, 2L), (status.Visible.Count, status.Acknowledged.Count));
        Assert.InRange(status.Flush.Count, 1, long.MaxValue);
        Assert.Equal((64, 0), (status.QueuedBatchesMax, status.Quarantined));
    }

    [Fact]
    public async Task A_producer_that_is_connected_has_a_lag_of_its_own()
    {
        var grid = await _folder.OpenAsync();
        var name = $"lag-{nameof(GridMeterTests)}";
        await using var feed = await FeedDriver.OpenAsync(grid, Names, name);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        Assert.Equal([0L], LagsOf(name));

        await feed.DisposeAsync();
        Assert.Empty(LagsOf(name));
    }

    [Fact]
    public async Task Closed_grid_measures_no_more()
    {
        var grid = await _folder.OpenAsync();
        var name = $"closed-{nameof(GridMeterTests)}";
        await using var feed = await FeedDriver.OpenAsync(grid, Names, name);
        await grid.DisposeAsync();

        Assert.Empty(LagsOf(name));
    }

    private static List<long> LagsOf(string producer)
    {
        var found = new List<long>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == GridMeter.Name && instrument.Name == "grid.producer.lag")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags.Length == 1 && (string?)tags[0].Value == producer)
            {
                found.Add(value);
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return found;
    }
}

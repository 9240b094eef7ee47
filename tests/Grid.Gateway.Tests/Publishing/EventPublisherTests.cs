using Grid.Domain.Instruments;
using Grid.Gateway.Http;
using Grid.Gateway.Publishing;
using Grid.Runtime;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Publishing;

public sealed class EventPublisherTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_clock_that_was_set_back_between_two_starts_stops_no_publication()
    {
        await using (var grid = await OpenAsync())
        {
            await PublishAsync(grid, "A", "B");
        }

        _time.SetWall(TimeSpan.FromDays(-365));
        await using var again = await OpenAsync();
        var before = (await again.GetProducersAsync(Cancel)).Single(p => p.Name == "grid.http.1").Epoch;
        await PublishAsync(again, "C", "D");
        await PublishAsync(again, "E");

        Assert.Equal(before + 2, (await again.GetProducersAsync(Cancel)).Single(p => p.Name == "grid.http.1").Epoch);
        Assert.Equal(5, again.GetStatus().Outcomes.Accepted);
    }

    private Task<EmbeddedGrid> OpenAsync() => EmbeddedGrid.OpenAsync(
        new EmbeddedGridOptions { DataFolder = _folder.File("data"), HotStoreBytesMax = 64 << 20 }, _time, NullLoggerFactory.Instance, Cancel);

    // As each process does, with a publisher of its own.
    private async Task PublishAsync(EmbeddedGrid grid, params string[] symbols)
    {
        await using var publisher = new EventPublisher(grid, "http", feedsMax: 1, _time);
        var instruments = new InstrumentPublisher(publisher, _time);
        foreach (var symbol in symbols)
        {
            await instruments.PublishAsync([new(symbol, InstrumentDefinition.Unknown)], Cancel);
        }
    }
}

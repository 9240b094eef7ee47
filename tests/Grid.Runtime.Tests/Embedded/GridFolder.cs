using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Storage.Journal;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Runtime.Tests.Embedded;

/// <summary>A data folder on disk and the grids that a test opens on it, one after the other.</summary>
internal sealed class GridFolder : IAsyncDisposable
{
    private readonly TempFolder _temp = new();
    private readonly List<EmbeddedGrid> _grids = [];
    private int _kills;

    public GridFolder() => Options = new EmbeddedGridOptions
    {
        DataFolder = _temp.File("data"),
        Shards = 2,
        HotStoreBytesMax = 64 << 20,
        Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest },
    };

    public EmbeddedGridOptions Options { get; }

    /// <summary>Behind every event that the tests send.</summary>
    public ManualTime Time { get; } = new(RandomMarket.ReceivedAt);

    public async Task<EmbeddedGrid> OpenAsync()
    {
        var grid = await EmbeddedGrid.OpenAsync(Options, Time, NullLoggerFactory.Instance);
        _grids.Add(grid);
        return grid;
    }

    /// <summary>Opens what a process leaves behind that is killed now.</summary>
    public async Task<EmbeddedGrid> OpenAfterKillAsync()
    {
        PrepareAfterKill();
        return await OpenAsync();
    }

    /// <summary>What a process leaves behind that is killed now is the folder from here on.</summary>
    public void PrepareAfterKill() => Options.DataFolder = _temp.CopyOf(Options.DataFolder, $"killed-{++_kills}");

    /// <summary>From here on the folder is an empty one.</summary>
    public void UseAnother() => Options.DataFolder = _temp.File($"another-{++_kills}");

    public string PathOf(params string[] parts) => Path.Combine([Options.DataFolder, .. parts]);

    public async ValueTask DisposeAsync()
    {
        foreach (var grid in _grids)
        {
            await grid.DisposeAsync();
        }

        _temp.Dispose();
    }
}

/// <summary>What tests ask again and again.</summary>
internal static class GridQuestions
{
    public static InstrumentId Id(this IGrid grid, string symbol) => new((uint)grid.Names.Instruments.Find(symbol));

    public static Latest Latest(this IGrid grid, string symbol)
    {
        Assert.True(grid.TryGetLatest(grid.Id(symbol), out var latest));
        return latest;
    }

    public static async Task<IReadOnlyList<Tick>> TicksAsync(this IGrid grid, string symbol) =>
        (await grid.GetTicksAsync(grid.Id(symbol), new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue), int.MaxValue, CancellationToken.None)).Ticks;

    public static async Task<IReadOnlyList<Bar>> BarsAsync(this IGrid grid, string symbol, string interval)
    {
        Assert.True(BarInterval.TryParse(interval, out var intervalNs));
        return await grid.GetBarsAsync(
            grid.Id(symbol), intervalNs, new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue), int.MaxValue, CancellationToken.None);
    }
}

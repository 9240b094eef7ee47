using Grid.Storage.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotStoreDamageTests : IDisposable
{
    private readonly HotStoreFolder _folder = new();
    private readonly HotTickChain[] _chains = new HotTickChain[8];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_damaged_header_stops_opening_and_names_the_file()
    {
        var position = Fill(ticks: 1000);
        Change(0, bytes => bytes[20] ^= 1);
        AssertRefused(position, "its header is damaged. Delete the file to go on without the history in it.");
    }

    [Fact]
    public void A_file_cut_short_stops_opening()
    {
        var position = Fill(ticks: 1000);
        File.WriteAllBytes(_folder.FileOf(0), File.ReadAllBytes(_folder.FileOf(0))[..1000]);
        AssertRefused(position, $"it has 1000 bytes and must have {HotStoreFolder.ExtentBytes}.");
    }

    [Fact]
    public void A_file_under_the_name_of_another_stops_opening()
    {
        var position = Fill(ticks: 4000);
        File.Copy(_folder.FileOf(1), _folder.FileOf(0), overwrite: true);
        AssertRefused(position, "it is extent 0000000000000001 under another's name.");
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    [InlineData(HotStoreFolder.ExtentBytes - 128)]
    [InlineData(257)]
    public void A_position_where_no_block_can_begin_is_refused(long offset)
    {
        var refused = Assert.Throws<GridStorageException>(() => _folder.Open(new HotStorePosition(offset)));
        Assert.Contains($"{offset} is no position of the hot store in '{_folder.Path}'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_deleted_file_costs_its_history_only()
    {
        var position = Fill(ticks: 6000);
        var files = _folder.Files();
        Assert.True(files.Length >= 3);
        File.Delete(_folder.FileOf(files[1]));
        using var store = _folder.Open(position, extents: 16);
        Assert.Equal(1, store.MissingExtents);
        var complete = 0;
        foreach (var chain in _chains)
        {
            var ticks = new List<HotTick>();
            complete += store.ReadTicks(in chain, new(long.MinValue), new(long.MaxValue), ticks) ? 1 : 0;
            Assert.NotEmpty(ticks);
        }

        Assert.InRange(complete, 0, _chains.Length - 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Flipped_bits_in_blocks_are_told_of_or_change_what_is_read_and_nothing_else(int seed)
    {
        var random = new Random(seed);
        var position = Fill(ticks: 1500);
        var whole = File.ReadAllBytes(_folder.FileOf(0));
        var told = 0;
        for (var i = 0; i < 300; i++)
        {
            var damaged = (byte[])whole.Clone();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                // Half of them in the heads of blocks, which lie at multiples of 256.
                var at = random.Next(HotExtentHeader.Bytes, damaged.Length);
                at = random.Next(2) == 0 ? at : (at & ~255) | random.Next(HotBlock.HeaderBytes);
                damaged[at] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(_folder.FileOf(0), damaged);
            using var store = _folder.Open(position, extents: 16);
            foreach (var chain in _chains)
            {
                told += Tells(() => HotStoreFolder.All(store, in chain)) ? 1 : 0;
                told += Tells(() => store.ReadLastTicks(in chain, new(long.MaxValue), 10, [])) ? 1 : 0;
                told += Tells(() => store.FindTrades(in chain, new(new(1), new(1), 20240102), new HashSet<ulong> { 500 }, isUnique: false, [])) ? 1 : 0;
            }
        }

        Assert.True(told > 0, $"seed {seed}");
    }

    [Fact]
    public void A_row_that_cannot_be_read_is_told_of_with_file_and_place()
    {
        var position = Fill(ticks: 1500);
        var (file, block) = Math.DivRem((int)_chains[0].Chain.Block, (int)HotStoreFolder.ExtentBytes);
        Change(file, bytes => bytes[block + HotBlock.TickRowsAt + 1] = 0xFF);
        using var store = _folder.Open(position, extents: 16);
        var told = Assert.Throws<GridStorageException>(() => HotStoreFolder.All(store, in _chains[0]));
        Assert.Equal(
            $"'{_folder.FileOf(file)}' of the hot store is damaged at byte {block + HotBlock.TickRowsAt}: a tick that cannot be read. "
            + "Delete the file to go on without the history in it.",
            told.Message);
    }

    [Fact]
    public void Records_read_as_another_type_are_refused()
    {
        using var store = _folder.Open();
        var chain = default(HotChain);
        store.AppendRecord(ref chain, 7L, new(1));
        Assert.Throws<GridStorageException>(() => store.ReadRecords<Int128>(in chain, new(0), new(9), []));
    }

    [Fact]
    public void A_record_that_fits_in_no_block_is_refused()
    {
        using var store = _folder.Open();
        var chain = default(HotChain);
        Assert.Throws<ArgumentException>(() => store.AppendRecord(ref chain, default(Large), new(1)));
        Assert.True(chain.IsEmpty);
    }

    [Fact]
    public void A_disk_that_takes_no_extent_is_told_of_and_the_chain_stays_as_it_was()
    {
        using var store = _folder.Open();
        var source = new TickSource(seed: 1, instrument: 1);
        var tick = source.Next();
        Directory.Delete(_folder.Path, recursive: true);
        var told = Assert.Throws<GridStorageException>(() => store.AppendTick(ref _chains[0], tick.Event, tick.Outcome));
        Assert.StartsWith(
            $"cannot make '{_folder.FileOf(0)}' of the hot store, which needs {HotStoreFolder.ExtentBytes} bytes of disk: ",
            told.Message,
            StringComparison.Ordinal);
        Assert.False(told.IsTransient);
        Assert.True(_chains[0].IsEmpty);

        Directory.CreateDirectory(_folder.Path);
        store.AppendTick(ref _chains[0], tick.Event, tick.Outcome);
        Assert.Equal(tick.Event, HotStoreFolder.All(store, in _chains[0]).Single().Event);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_told_of()
    {
        File.WriteAllText(_folder.Path, "a file");
        Assert.Throws<GridStorageException>(() => _folder.Open());
    }

    private static bool Tells(Action read)
    {
        try
        {
            read();
            return false;
        }
        catch (GridStorageException)
        {
            return true;
        }
    }

    private HotStorePosition Fill(int ticks)
    {
        using var store = _folder.Open(extents: 16);
        var sources = Enumerable.Range(0, _chains.Length).Select(i => new TickSource(i, (uint)i + 1)).ToArray();
        for (var i = 0; i < ticks; i++)
        {
            var chain = i % _chains.Length;
            HotStoreFolder.Append(store, ref _chains[chain], sources[chain].Next());
        }

        return store.Checkpoint();
    }

    private void Change(long index, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(_folder.FileOf(index));
        change(bytes);
        File.WriteAllBytes(_folder.FileOf(index), bytes);
    }

    private void AssertRefused(HotStorePosition position, string reason)
    {
        var refused = Assert.Throws<GridStorageException>(() => _folder.Open(position, extents: 16));
        Assert.StartsWith($"cannot open '{_folder.FileOf(0)}' of the hot store: {reason}", refused.Message, StringComparison.Ordinal);
    }

    [System.Runtime.CompilerServices.InlineArray(20_000)]
    private struct Large
    {
        private byte _first;
    }
}

using System.Globalization;

namespace Grid.Cli.Tests.Feeds;

public sealed class IlpEventReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_of_all_files_are_read_in_order_and_bad_ones_are_told_with_their_place()
    {
        var first = _folder.Write("a.txt", "# head\ntrade,instrument=IBM,venue=N price=181.5,size=10i,seq=1i 1\nnonsense\n");
        var second = _folder.Write("b.txt", "quote,symbol=IBM bid=181.4 2\ntrade,symbol=IBM price=1.0000000001,size=1 3");

        var rig = ReaderRig.Ilp(first, second);

        Assert.Equal(2, rig.Events.Count);
        Assert.Equal(("IBM", "ilp", "N", "181.5"), (rig.Symbol(rig.Events[0]), rig.Source(rig.Events[0]), rig.Venue(rig.Events[0]), rig.Events[0].Price.ToString()));
        Assert.Equal([(first, 3L), (second, 2L)], rig.Malformed.Select(m => (m.File, m.Line)));
        Assert.Equal("column 1: measurement 'nonsense' is not one of trade, quote, run, cancel, correct", rig.Malformed[0].Reason);
    }

    [Fact]
    public void A_file_larger_than_the_buffer_is_read_whole()
    {
        var path = _folder.Write("large.txt", string.Concat(Enumerable.Range(1, 20_000).Select(i =>
            string.Create(CultureInfo.InvariantCulture, $"trade,instrument=S{i % 7},source=\\=x price={i},size=1,conditions=\"0x{i:X}\" {i}\n"))));

        var rig = ReaderRig.Ilp(path);

        Assert.Empty(rig.Malformed);
        Assert.Equal(Enumerable.Range(1, 20_000), rig.Events.Select(e => (int)e.Conditions));
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_failure_that_names_it() =>
        Assert.Equal("'nowhere.txt' does not exist", Assert.Throws<CommandFailure>(() => ReaderRig.Ilp("nowhere.txt")).Message);
}

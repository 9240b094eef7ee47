using System.Text;
using Grid.Domain.Identifiers;
using Grid.Gateway.Ilp;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpAllocationTests
{
    [Fact]
    public void A_line_that_is_right_allocates_nothing()
    {
        var body = Encoding.UTF8.GetBytes(
            "trade,instrument=IBM,source=v,venue=N,channel=c price=181.52,size=100i,seq=1i 1714570200123456789\n"
            + "quote,instrument=MSFT,source=v bid=1.5,bid_size=2,ask=1.6,ask_size=3,flags=\"suspicious\" 1714570200123456790\n"
            + "trade,instrument=A\\,B,source=v price=1,size=1\n");
        var names = new GridNames();
        var rows = new IlpRows(IlpMapping.BuiltIn, 1, TimeProvider.System);
        var scanner = new RowScanner(rows, 1 << 16);
        var row = new EventRow("ilp", (kind, name) => names[kind].GetOrAdd(name));
        Assert.Equal(3, Pass());

        // The runtime allocates now and then for itself, so the least of several rounds counts.
        var least = long.MaxValue;
        for (var round = 0; round < 10 && least > 0; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var events = 0;
            for (var i = 0; i < 1_000; i++)
            {
                events += Pass();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(3_000, events);
        }

        Assert.Equal(0, least);

        int Pass()
        {
            var events = 0;
            ReadOnlySpan<byte> rest = body;
            while (scanner.TryTake(ref rest, isLast: false, out var line))
            {
                events += rows.Read(line, row, out _) == RowKind.Event ? 1 : 0;
            }

            return events;
        }
    }
}

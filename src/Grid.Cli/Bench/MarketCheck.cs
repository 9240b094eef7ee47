using Grid.Domain.Identifiers;
using Grid.Runtime;

namespace Grid.Cli.Bench;

/// <summary>Compares what a grid knows with what a synthetic market's model says it must know.</summary>
internal static class MarketCheck
{
    private const int DifferencesToldMax = 10;

    /// <summary>One sentence for each of the first differences; none if there is none. All of the market's events must have been applied.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="market">Its only feed, drained.</param>
    public static IReadOnlyList<string> Compare(IGrid grid, SyntheticMarket market)
    {
        var differences = new List<string>();
        for (var i = 0; i < market.Expected.Length && differences.Count < DifferencesToldMax; i++)
        {
            ref readonly var expected = ref market.Expected[i];
            if (expected.Trades + expected.Quotes == 0)
            {
                continue;
            }

            var symbol = market.Symbol(i);
            var number = grid.Names.Instruments.Find(symbol);
            if (number < 0 || !grid.TryGetLatest(new InstrumentId((uint)number), out var latest))
            {
                differences.Add($"{symbol} is not known");
                continue;
            }

            if (expected.Trades > 0)
            {
                Check(symbol, "last price", expected.LastPrice, latest.Last.Price);
                Check(symbol, "last size", expected.LastSize, latest.Last.Size);
                Check(symbol, "last sequence", expected.LastSequence, latest.Last.Sequence);
            }

            if (expected.Quotes > 0)
            {
                Check(symbol, "bid", (expected.Bid, expected.BidSize), (latest.Bid.Price, latest.Bid.Size));
                Check(symbol, "ask", (expected.Ask, expected.AskSize), (latest.Ask.Price, latest.Ask.Size));
            }
        }

        return differences;

        void Check<T>(string symbol, string what, T expected, T found)
        {
            if (!EqualityComparer<T>.Default.Equals(expected, found))
            {
                differences.Add($"{what} of {symbol} is {found}; the model says {expected}");
            }
        }
    }
}

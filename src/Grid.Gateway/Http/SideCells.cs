using Grid.Domain.Instruments;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Http;

/// <summary>One side of a market as price and size, or as nothing.</summary>
internal static class SideCells
{
    public static void Add(RowBody row, in Side side)
    {
        if (side.IsSet)
        {
            row.Price(side.Price);
            row.Size(side.Size);
        }
        else
        {
            row.Null();
            row.Null();
        }
    }
}

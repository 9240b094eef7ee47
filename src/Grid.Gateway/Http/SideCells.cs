using Grid.Domain.Identifiers;
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
            row.Nulls(2);
        }
    }

    /// <summary>The same with when it was set and by whom.</summary>
    public static void AddWhole(RowBody row, in Side side, GridNames names)
    {
        Add(row, in side);
        if (side.IsSet)
        {
            row.Time(side.Time);
            row.Name(names.Sources[side.Source.Value]);
        }
        else
        {
            row.Nulls(2);
        }
    }
}

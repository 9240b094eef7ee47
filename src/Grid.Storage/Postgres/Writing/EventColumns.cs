using Grid.Domain.Events;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Columns that ticks, runs and the quarantine have in common.</summary>
internal static class EventColumns
{
    /// <summary>Bid and ask; null where the event does not set them.</summary>
    public static void WriteSides(CopyBuffer buffer, in MarketEvent e)
    {
        var hasBid = IsTwoSided(e.Kind) && e.Has(EventFlags.BidSet);
        var hasAsk = IsTwoSided(e.Kind) && e.Has(EventFlags.AskSet);
        buffer.Int64(hasBid, e.F0);
        buffer.Int64(hasBid, e.F1);
        buffer.Int64(hasAsk, e.F2);
        buffer.Int64(hasAsk, e.F3);
    }

    /// <summary>Price and size; null where the event has none.</summary>
    public static void WritePrice(CopyBuffer buffer, in MarketEvent e)
    {
        var hasPrice = e.Kind is EventKind.Trade or EventKind.Correct;
        buffer.Int64(hasPrice, e.F0);
        buffer.Int64(hasPrice, e.F1);
    }

    /// <summary>The sequence that is amended; null if none is.</summary>
    public static void WriteAmends(CopyBuffer buffer, in MarketEvent e) => buffer.Int64(e.Kind is EventKind.Cancel or EventKind.Correct, e.F3);

    private static bool IsTwoSided(EventKind kind) => kind is EventKind.Quote or EventKind.Run;
}

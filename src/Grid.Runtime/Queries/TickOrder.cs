using Grid.Domain.Events;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Queries;

/// <summary>Puts the ticks of one instrument in order and cuts pages from them.</summary>
internal static class TickOrder
{
    /// <summary>Sorts ticks into the order of events; of equal content the one received first is first.</summary>
    public static void Sort(List<HistoryTick> ticks, EventOrder order) => ticks.Sort((a, b) => Compare(a.Event, b.Event, order));

    /// <summary>The order that <see cref="Sort"/> makes.</summary>
    public static int Compare(in MarketEvent a, in MarketEvent b, EventOrder order)
    {
        var result = order.Compare(in a, in b);
        return result != 0 ? result : a.ReceiveTime.CompareTo(b.ReceiveTime);
    }

    /// <summary>The first <paramref name="limit"/> of sorted ticks, or of those behind a place.</summary>
    public static TickPage Page(List<HistoryTick> sorted, in TickPosition? after, int limit, bool isAmendmentPending, EventOrder order)
    {
        var first = after is { } place ? IndexBehind(sorted, in place, order) : 0;
        var count = Math.Min(sorted.Count - first, limit);
        var page = new List<Tick>(count);
        for (var i = first; i < first + count; i++)
        {
            page.Add(new Tick(sorted[i].Event, sorted[i].Outcome));
        }

        var isComplete = first + count == sorted.Count;
        return new TickPage(page, isComplete, isAmendmentPending) { Next = isComplete ? null : PlaceBehind(sorted, first + count - 1, order) };
    }

    private static int IndexBehind(List<HistoryTick> sorted, in TickPosition place, EventOrder order)
    {
        var low = 0;
        for (var high = sorted.Count; low < high;)
        {
            var middle = (low + high) >>> 1;
            (low, high) = order.Compare(sorted[middle].Event, place.Event) < 0 ? (middle + 1, high) : (low, middle);
        }

        for (var same = 0; same < place.Same && low < sorted.Count && order.Compare(sorted[low].Event, place.Event) == 0; same++)
        {
            low++;
        }

        return low;
    }

    private static TickPosition PlaceBehind(List<HistoryTick> sorted, int index, EventOrder order)
    {
        var last = sorted[index].Event;
        var same = 1;
        while (index - same >= 0 && order.Compare(sorted[index - same].Event, last) == 0)
        {
            same++;
        }

        return new TickPosition(last, same);
    }
}

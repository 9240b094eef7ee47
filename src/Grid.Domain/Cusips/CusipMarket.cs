using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Cusips;

/// <summary>The market of one CUSIP on one date, over dealers.</summary>
/// <param name="Date">Session date as yyyymmdd; 0 if nothing is known.</param>
/// <param name="Bid">Highest bid; of equal ones the earlier, then the one whose source's name comes first.</param>
/// <param name="Ask">Lowest ask, ties likewise.</param>
/// <param name="DealerCount">Sources that show a bid or an ask.</param>
public readonly record struct CusipMarket(uint Date, Side Bid, Side Ask, int DealerCount)
{
    /// <summary>True if there are a bid and an ask.</summary>
    public bool IsTwoSided => Bid.IsSet && Ask.IsSet;

    /// <summary>Halfway between bid and ask, rounded half to even at 1e-9; null unless there are both.</summary>
    public Price? Mid
    {
        get
        {
            if (!IsTwoSided)
            {
                return null;
            }

            // The sum of two 64-bit numbers, shifted down; of an odd sum the even neighbour.
            var sum = (Int128)Bid.Price.Raw + Ask.Price.Raw;
            var half = sum >> 1;
            return new Price((long)(Int128.IsOddInteger(sum) && Int128.IsOddInteger(half) ? half + 1 : half));
        }
    }

    /// <summary>Ask less bid, negative if they are crossed; null unless there are both and the difference is a price.</summary>
    public Price? Spread
    {
        get
        {
            var spread = (Int128)Ask.Price.Raw - Bid.Price.Raw;
            return IsTwoSided && spread == (long)spread ? new Price((long)spread) : null;
        }
    }
}

/// <summary>The most recent run of one dealer for one CUSIP on one date.</summary>
/// <param name="Date">Session date as yyyymmdd.</param>
/// <param name="Event">The run; its receive time is that of the copy that came first.</param>
/// <param name="Detail">What it carries beyond the event.</param>
public readonly record struct DealerRun(uint Date, MarketEvent Event, RunDetail Detail)
{
    /// <summary>Who sent it.</summary>
    public SourceId Dealer => Event.Source;
}

/// <summary>What one source quotes for one instrument of a CUSIP on one date.</summary>
/// <param name="Date">Session date as yyyymmdd.</param>
/// <param name="Instrument">The instrument.</param>
/// <param name="Quote">Both sides with their versions.</param>
public readonly record struct InstrumentQuote(uint Date, InstrumentId Instrument, SourceQuote Quote);

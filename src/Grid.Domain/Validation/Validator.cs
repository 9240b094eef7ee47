using System.Runtime.CompilerServices;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Validation;

/// <summary>
/// Judges one event by the rules of its instrument. The rules are asked in the order of <see cref="RejectReason"/>: the
/// first that rejects decides, else the first that flags, else the event is accepted. Which rule asks which kind of event
/// is in the table of this project's DESIGN.md, section "Validation".
/// </summary>
public static class Validator
{
    private const RejectReason FirstRule = RejectReason.UnknownInstrument;
    private const RejectReason LastRule = RejectReason.CusipMismatch;
    private const EventFlags Sides = EventFlags.BidSet | EventFlags.AskSet;

    /// <summary>The outcome of an event that is no duplicate.</summary>
    /// <remarks>
    /// The fast path may doubt an event that keeps every rule, but never passes one that breaks a rule; what it doubts is
    /// asked rule by rule.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Outcome Check(in MarketEvent e, in RuleContext context)
    {
        var isSurelyGood = e.Kind == EventKind.Trade ? IsGoodTrade(in e, in context)
            : e.Kind == EventKind.Quote && IsGoodQuote(in e, in context);
        return isSurelyGood ? Outcome.Accepted : CheckRuleByRule(in e, in context);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static Outcome CheckRuleByRule(in MarketEvent e, in RuleContext context)
    {
        var flagged = RejectReason.None;
        for (var reason = FirstRule; reason <= LastRule; reason++)
        {
            var action = reason == RejectReason.UnknownInstrument
                ? (RuleAction)context.UnknownInstrument
                : context.Rules.Class.ActionOf(reason);
            if (action == RuleAction.Accept || !IsBroken(reason, in e, in context))
            {
                continue;
            }

            if (action == RuleAction.Reject)
            {
                return Outcome.Reject(reason);
            }

            flagged = flagged == RejectReason.None ? reason : flagged;
        }

        return flagged == RejectReason.None ? Outcome.Accepted : Outcome.Flag(flagged);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsGoodTrade(in MarketEvent e, in RuleContext context)
    {
        var rules = context.Rules;
        return e.F0 >= rules.PriceMin
            && e.F1 >= rules.TradeSizeMin
            && e.F1 <= rules.SizeMax
            && IsGoodForAnyKind(in e, in context)
            && IsOnTick(e.F0, rules)
            && (!context.HasLast || IsInBand(e.F0, context.LastPrice.Raw, rules.BandBasisPoints));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsGoodQuote(in MarketEvent e, in RuleContext context)
    {
        var rules = context.Rules;
        return (!e.Has(EventFlags.BidSet) || IsGoodSide(e.F0, e.F1, rules))
            && (!e.Has(EventFlags.AskSet) || IsGoodSide(e.F2, e.F3, rules))
            && IsGoodForAnyKind(in e, in context)
            && (!context.HasBid || !context.HasAsk || context.BidPrice < context.AskPrice
                || (rules.LockedIsFine && context.BidPrice == context.AskPrice));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsGoodSide(long price, long size, InstrumentRules rules) =>
        price >= rules.PriceMin && size >= 0 && size <= rules.SizeMax && IsOnTick(price, rules);

    // Telling multiples by the tick's inverse modulo 2^64 was tried instead of the division, and saved nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOnTick(long price, InstrumentRules rules) => rules.TickRaw == 0 || price % rules.TickRaw == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsGoodForAnyKind(in MarketEvent e, in RuleContext context)
    {
        // The difference of two times may not fit 64 bits; such times are left to the rules one by one.
        var rules = context.Rules;
        var lead = e.EventTime.Value - e.ReceiveTime.Value;
        var fits = ((e.EventTime.Value ^ e.ReceiveTime.Value) & (e.EventTime.Value ^ lead)) >= 0;
        return fits
            && lead <= rules.LeadMax
            && lead >= rules.LeadMin
            && !e.Has(rules.Doubt)
            && (rules.IsDefined || context.UnknownInstrument == UnknownInstrumentAction.Accept)
            && (rules.Hours is null || rules.Hours.IsOpen(e.EventTime));
    }

    /// <summary>True if a price is within a band around the last one; around zero, and with a band of 0, every price is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsInBand(long price, long last, long bandBasisPoints)
    {
        // distance / |last| <= band / 10,000, multiplied out in 128 bits.
        var distance = price >= last ? (ulong)price - (ulong)last : (ulong)last - (ulong)price;
        var reference = (ulong)(last < 0 ? -last : last);
        var left = Math.BigMul(distance, 10_000UL, out var leftLow);
        var right = Math.BigMul(reference, (ulong)bandBasisPoints, out var rightLow);
        return left < right || (left == right && leftLow <= rightLow) || (right | rightLow) == 0;
    }

    private static bool IsBroken(RejectReason reason, in MarketEvent e, in RuleContext context)
    {
        var rules = context.Rules;
        return reason switch
        {
            RejectReason.UnknownInstrument => !rules.IsDefined && e.Kind != EventKind.Definition,
            RejectReason.PriceNotPositive => AnySide(in e, rules, static (price, _, _) => price <= 0),
            RejectReason.SizeNegative => AnySide(in e, rules, static (_, size, _) => size < 0),
            RejectReason.SizeZero => e.Kind is EventKind.Trade or EventKind.Correct && e.F1 == 0,
            RejectReason.SizeOverLimit => AnySide(in e, rules, static (_, size, r) => size > r.SizeMax),
            RejectReason.TimeAhead => (Int128)e.EventTime.Value - e.ReceiveTime.Value > rules.LeadMax && rules.LeadMax != long.MaxValue,
            RejectReason.TimeTooOld => (Int128)e.EventTime.Value - e.ReceiveTime.Value < rules.LeadMin && rules.LeadMin != long.MinValue,
            RejectReason.OutsideSession => IsPrice(e.Kind) && rules.Hours is not null && !rules.Hours.IsOpen(e.EventTime),
            RejectReason.OffTick => AnySide(in e, rules, static (price, _, r) => !IsOnTick(price, r)),
            RejectReason.Crossed => TryGetSpread(in e, in context, out var spread) && spread < 0,
            RejectReason.Locked => TryGetSpread(in e, in context, out var spread) && spread == 0,
            RejectReason.PriceBand => e.Kind == EventKind.Trade && context.HasLast
                && !IsInBand(e.F0, context.LastPrice.Raw, rules.BandBasisPoints),
            RejectReason.Suspicious => e.Has(EventFlags.Suspicious),
            RejectReason.CusipMismatch => e.Kind == EventKind.Run && !rules.Cusip.IsNone && context.RunCusip != rules.Cusip,
            _ => false,
        };
    }

    // A cancel carries no price, and what it amends was asked when it came; it may well be sent after hours.
    private static bool IsPrice(EventKind kind) => kind is EventKind.Trade or EventKind.Quote or EventKind.Run;

    // Asks the price and size of a trade or correction, or those of each side that a quote or run sets.
    private static bool AnySide(in MarketEvent e, InstrumentRules rules, Func<long, long, InstrumentRules, bool> isBroken) => e.Kind switch
    {
        EventKind.Trade or EventKind.Correct => isBroken(e.F0, e.F1, rules),
        EventKind.Quote or EventKind.Run => (e.Has(EventFlags.BidSet) && isBroken(e.F0, e.F1, rules))
            || (e.Has(EventFlags.AskSet) && isBroken(e.F2, e.F3, rules)),
        _ => false,
    };

    // Ask less bid of what the source quotes now; false if the event sets no side or one is missing.
    private static bool TryGetSpread(in MarketEvent e, in RuleContext context, out Int128 spread)
    {
        var (hasBid, hasAsk, bid, ask) = e.Kind switch
        {
            EventKind.Quote when e.Has(Sides) => (context.HasBid, context.HasAsk, context.BidPrice, context.AskPrice),
            EventKind.Run => (e.Has(EventFlags.BidSet), e.Has(EventFlags.AskSet), e.BidPrice, e.AskPrice),
            _ => (false, false, default(Price), default(Price)),
        };
        spread = (Int128)ask.Raw - bid.Raw;
        return hasBid && hasAsk;
    }
}

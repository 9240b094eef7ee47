using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// The classes that exist without configuration. They differ from <c>default</c> only in what the market's nature asks for;
/// hours need a calendar and so come from configuration.
/// </summary>
public static class BuiltInClasses
{
    /// <summary>The classes by name.</summary>
    public static IReadOnlyDictionary<string, ClassRules> All { get; } = new Dictionary<string, ClassRules>(StringComparer.Ordinal)
    {
        [InstrumentDefinition.DefaultClass] = ClassRules.Default,

        // Markets halt a share that moves 10 %.
        ["equity"] = new ClassRules { PriceBandBasisPoints = 1_000 },

        // Prices move little; many venues print no size.
        ["fx"] = new ClassRules { PriceBandBasisPoints = 500, SizeZero = RuleAction.Accept },

        // Crude oil settled at -37.63 in 2020.
        ["future"] = new ClassRules { PriceBandBasisPoints = 1_000, PriceNotPositive = RuleAction.Accept },

        // Percent of par. Dealers quote in yields and spreads, so prices are seldom multiples of a tick.
        ["bond"] = new ClassRules { PriceBandBasisPoints = 1_000, OffTick = RuleAction.Accept },

        // Negative prices and hundredfold spikes are ordinary, so a band says nothing.
        ["power"] = new ClassRules { PriceNotPositive = RuleAction.Accept, PriceBand = RuleAction.Accept },

        // A difference of two prices: zero is ordinary, and a share of it means nothing.
        ["spread"] = new ClassRules { PriceNotPositive = RuleAction.Accept, PriceBand = RuleAction.Accept },
    };
}

using BenchmarkDotNet.Attributes;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Benchmarks;

/// <summary>The rules of the default class over a market's events, all of them good; figures are per event.</summary>
public class ValidatorBenchmarks
{
    private readonly InstrumentRules _rules = RuleBook.BuiltIn.Resolve(null);
    private MarketEvent[] _trades = [];
    private MarketEvent[] _quotes = [];

    [GlobalSetup]
    public void Setup()
    {
        var events = new MarketStream(new GridNames()).Next().ToArray();
        _trades = Take(events, EventKind.Trade);
        _quotes = Take(events, EventKind.Quote);
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int CheckTrade()
    {
        var sum = 0;
        foreach (ref readonly var e in _trades.AsSpan())
        {
            sum += Validator.Check(in e, RuleContext.OfTrade(_rules, UnknownInstrumentAction.Accept, true, e.Price)).Value;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = MarketStream.BatchEvents)]
    public int CheckQuote()
    {
        var sum = 0;
        foreach (ref readonly var e in _quotes.AsSpan())
        {
            sum += Validator.Check(in e, RuleContext.OfQuote(_rules, UnknownInstrumentAction.Accept, SourceQuote.Of(in e))).Value;
        }

        return sum;
    }

    private static MarketEvent[] Take(MarketEvent[] events, EventKind kind)
    {
        var chosen = Array.FindAll(events, e => e.Kind == kind);
        return [.. Enumerable.Range(0, MarketStream.BatchEvents).Select(i => chosen[i % chosen.Length])];
    }
}

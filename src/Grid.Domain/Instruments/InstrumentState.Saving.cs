using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <content>The saved form, for snapshots.</content>
public sealed partial class InstrumentState
{
    /// <summary>Writes all of the state but its history.</summary>
    public void Save(StateWriter writer)
    {
        writer.Put(in _last);
        writer.Put(in _series);
        writer.Put(_newest);
        writer.Put(_version);
        writer.Put(_ticks);
        writer.Put(in _counts);
        writer.Put(Quotes);
        _windows.Save(writer);
        writer.Put(_amendments is not null);
        _amendments?.Save(writer);
        writer.Put(_content is not null);
        _content?.Save(writer);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="reader">The saved form.</param>
    /// <param name="hasCounts">False for one that was saved before there were counts: they begin at zero then.</param>
    public void Load(ref StateReader reader, bool hasCounts = true)
    {
        _last = reader.Take<MarketEvent>();
        _series = reader.Take<TradeSeries>();
        _newest = reader.Take<UnixNanos>();
        _version = reader.Take<ulong>();
        _ticks = hasCounts ? reader.Take<ulong>() : _version;
        _counts = hasCounts ? reader.Take<InstrumentCounts>() : default;
        _quotes = reader.TakeArray<SourceQuote>(GridLimits.SourcesMax);
        _quoteCount = _quotes.Length;
        _windows = DomainWindows.Load(ref reader);
        _window = null;
        _amendments = reader.Take<bool>() ? Amendments.Load(ref reader) : null;
        _content = reader.Take<bool>() ? ContentWindow.Load(ref reader) : null;
    }
}

using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Gateway.Http;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>
/// Writes updates as the text of the next message, without allocation: a JSON array for a WebSocket, events with an object
/// each for server-sent events.
/// </summary>
internal sealed class StreamText(GridNames names, bool isEvents) : ISubscriptionSink
{
    // A message ends when less than one update's largest text is left. That is a tick with four names of 64 characters,
    // each of them escaped, and 14 numbers.
    private const int BufferBytes = 64 << 10;
    private const int UpdateBytesMax = (2 << 10) + EventIdBytesMax;
    private const int EventIdBytesMax = Streams.EventId.BytesMax;

    private byte[] _buffer = new byte[4 << 10];
    private int _length;

    /// <summary>True if nothing was written.</summary>
    public bool IsEmpty => _length == 0;

    /// <inheritdoc/>
    public bool IsFull => _length > BufferBytes - UpdateBytesMax;

    /// <summary>The subscription that updates are for; null where there is only one.</summary>
    public ulong? Subscription { get; set; }

    /// <summary>The highest frame of all updates so far.</summary>
    public ulong Frame { get; private set; }

    /// <summary>Where the stream is, for the ids of events; null if they have none.</summary>
    public EventId? EventId { get; init; }

    /// <summary>Ends the message.</summary>
    public ReadOnlyMemory<byte> Finish()
    {
        if (!isEvents)
        {
            _buffer[_length++] = (byte)']';
        }

        return _buffer.AsMemory(0, _length);
    }

    /// <summary>Begins anew. What grew for much is given up once it was not needed any more.</summary>
    public void Clear() => _length = 0;

    /// <summary>Writes an object that is a text already.</summary>
    public void Raw(ReadOnlySpan<byte> type, ReadOnlySpan<byte> json)
    {
        Reserve(json.Length + UpdateBytesMax);
        var text = new JsonText(_buffer.AsSpan(_length));
        Separate(ref text, type);
        text.Raw(json);
        End(ref text);
    }

    /// <summary>Writes lines of an event stream as they are.</summary>
    public void Line(ReadOnlySpan<byte> line)
    {
        Reserve(line.Length + UpdateBytesMax);
        line.CopyTo(_buffer.AsSpan(_length));
        _length += line.Length;
    }

    /// <inheritdoc/>
    public void Latest(in Latest latest, UpdatePosition at, bool isSnapshot)
    {
        var text = Begin("latest"u8);
        text.Raw(","u8);
        LatestEndpoint.WriteFields(ref text, in latest, names);
        EventId?.Note(latest.Instrument, at.Version);
        Finish(ref text, at, isSnapshot);
    }

    /// <inheritdoc/>
    public void Tick(in MarketEvent e, Outcome outcome, UpdatePosition at)
    {
        var text = Begin(TypeOf(e.Kind));
        Instrument(ref text, e.Instrument);
        text.Time(",\"time\":"u8, e.EventTime);
        Name(ref text, ",\"source\":\""u8, names.Sources[e.Source.Value]);
        Name(ref text, ",\"channel\":\""u8, names.Channels[(int)e.Channel.Value]);
        Number(ref text, ",\"session\":"u8, e.Session);
        Number(ref text, ",\"sequence\":"u8, e.Sequence);
        Name(ref text, ",\"venue\":\""u8, names.Venues[e.Venue.Value]);
        Number(ref text, ",\"conditions\":"u8, e.Conditions);
        switch (e.Kind)
        {
            case EventKind.Trade or EventKind.Correct:
                text.Decimal(",\"price\":"u8, true, e.F0, Price.Scale);
                text.Decimal(",\"size\":"u8, true, e.F1, Quantity.Scale);
                break;
            case EventKind.Quote or EventKind.Run:
                Side(ref text, e.Has(EventFlags.BidSet), e.Has(EventFlags.BidCleared), ",\"bid\":"u8, e.F0, ",\"bid_size\":"u8, e.F1);
                Side(ref text, e.Has(EventFlags.AskSet), e.Has(EventFlags.AskCleared), ",\"ask\":"u8, e.F2, ",\"ask_size\":"u8, e.F3);
                break;
        }

        if (e.Kind is EventKind.Cancel or EventKind.Correct)
        {
            Number(ref text, ",\"amends\":"u8, e.AmendedSequence);
        }

        if (outcome.Reason != RejectReason.None)
        {
            Name(ref text, ",\"reason\":\""u8, ReasonNames.Of(outcome.Reason));
        }

        text.Time(",\"received\":"u8, e.ReceiveTime);
        EventId?.Note(e.Instrument, at.Version);
        Finish(ref text, at);
    }

    /// <inheritdoc/>
    public void Bar(InstrumentId instrument, in Bar bar, bool isClosed, UpdatePosition at)
    {
        var text = Begin("bar"u8);
        Instrument(ref text, instrument);
        text.Raw(",\"interval\":\"1m\""u8);
        text.Raw(isClosed ? ",\"closed\":true"u8 : ",\"closed\":false"u8);
        text.Time(",\"time\":"u8, bar.Start);
        text.Decimal(",\"open\":"u8, bar.HasPrices, bar.Open.Raw, Price.Scale);
        text.Decimal(",\"high\":"u8, bar.HasPrices, bar.High.Raw, Price.Scale);
        text.Decimal(",\"low\":"u8, bar.HasPrices, bar.Low.Raw, Price.Scale);
        text.Decimal(",\"close\":"u8, bar.HasPrices, bar.Close.Raw, Price.Scale);
        text.Raw(",\"volume\":\""u8);
        text.Wide(bar.Volume, Quantity.Scale);
        text.Raw("\""u8);
        text.Decimal(",\"vwap\":"u8, bar.Volume != 0, bar.Vwap.Raw, Price.Scale);
        Number(ref text, ",\"count\":"u8, (ulong)bar.Count);
        Side(ref text, in bar.Bid, ",\"bid\":"u8, ",\"bid_size\":"u8);
        Side(ref text, in bar.Ask, ",\"ask\":"u8, ",\"ask_size\":"u8);
        Finish(ref text, at);
    }

    /// <inheritdoc/>
    public void Market(Cusip cusip, in CusipMarket market, UpdatePosition at)
    {
        Span<byte> name = stackalloc byte[Cusip.Length];
        cusip.Write(name);
        var text = Begin("cusip"u8);
        Name(ref text, ",\"cusip\":\""u8, name);
        Number(ref text, ",\"date\":"u8, market.Date);
        Side(ref text, market.Bid, ",\"bid\":"u8, ",\"bid_size\":"u8);
        Name(ref text, ",\"bid_source\":\""u8, names.Sources[market.Bid.Source.Value]);
        Side(ref text, market.Ask, ",\"ask\":"u8, ",\"ask_size\":"u8);
        Name(ref text, ",\"ask_source\":\""u8, names.Sources[market.Ask.Source.Value]);
        text.Decimal(",\"mid\":"u8, market.Mid is not null, market.Mid?.Raw ?? 0, Price.Scale);
        text.Decimal(",\"spread\":"u8, market.Spread is not null, market.Spread?.Raw ?? 0, Price.Scale);
        Number(ref text, ",\"dealers\":"u8, (ulong)market.DealerCount);
        Finish(ref text, at);
    }

    /// <inheritdoc/>
    public void Dropped(InstrumentId instrument, ulong ticks, UpdatePosition at)
    {
        var text = Begin("dropped"u8);
        Instrument(ref text, instrument);
        Number(ref text, ",\"count\":"u8, ticks);
        Finish(ref text, at);
    }

    /// <summary>How far the disk is.</summary>
    public void Flushed(ulong frame)
    {
        var text = Begin("flushed"u8, hasSubscription: false);
        Number(ref text, ",\"frame\":"u8, frame);
        End(ref text, close: true);
    }

    private JsonText Begin(ReadOnlySpan<byte> type, bool hasSubscription = true)
    {
        Reserve(UpdateBytesMax);
        var text = new JsonText(_buffer.AsSpan(_length));
        Separate(ref text, type);
        text.Raw("{\"type\":\""u8);
        text.Raw(type);
        text.Raw("\""u8);
        if (hasSubscription && Subscription is { } id)
        {
            Number(ref text, ",\"id\":"u8, id);
        }

        return text;
    }

    private void Separate(ref JsonText text, ReadOnlySpan<byte> type)
    {
        if (isEvents)
        {
            text.Raw("event: "u8);
            text.Raw(type);
            text.Raw("\ndata: "u8);
        }
        else
        {
            text.Raw(_length == 0 ? "["u8 : ","u8);
        }
    }

    private void Finish(ref JsonText text, UpdatePosition at, bool isSnapshot = false)
    {
        Number(ref text, ",\"version\":"u8, at.Version);
        Number(ref text, ",\"frame\":"u8, at.Frame);
        text.Raw(isSnapshot ? ",\"snapshot\":true"u8 : default);
        Frame = Math.Max(Frame, at.Frame);
        End(ref text, close: true);
    }

    private void End(ref JsonText text, bool close = false)
    {
        text.Raw(close ? "}"u8 : default);
        EventId?.Write(ref text);
        text.Raw(isEvents ? "\n\n"u8 : default);
        _length += text.Length;
    }

    // The end of the array, or of an event, has its place in what an update may take at most.
    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(Math.Min(_buffer.Length * 4, BufferBytes + UpdateBytesMax), _length + bytes));
        }
    }

    private void Instrument(ref JsonText text, InstrumentId id) => Name(ref text, ",\"instrument\":\""u8, names.Instruments[(int)id.Value]);

    private static void Name(ref JsonText text, ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> name)
    {
        text.Raw(key);
        text.Name(name);
        text.Raw("\""u8);
    }

    private static void Number(ref JsonText text, ReadOnlySpan<byte> key, ulong value)
    {
        text.Raw(key);
        text.Number(value);
    }

    private static void Side(ref JsonText text, in Side side, ReadOnlySpan<byte> priceKey, ReadOnlySpan<byte> sizeKey)
    {
        text.Decimal(priceKey, side.IsSet, side.Price.Raw, Price.Scale);
        text.Decimal(sizeKey, side.IsSet, side.Size.Raw, Quantity.Scale);
    }

    // A side that does not change is left out; one that is withdrawn says so.
    private static void Side(ref JsonText text, bool isSet, bool isCleared, ReadOnlySpan<byte> priceKey, long price, ReadOnlySpan<byte> sizeKey, long size)
    {
        if (isSet)
        {
            text.Decimal(priceKey, true, price, Price.Scale);
            text.Decimal(sizeKey, true, size, Quantity.Scale);
        }
        else if (isCleared)
        {
            text.Raw(priceKey);
            text.Raw("\"cleared\""u8);
        }
    }

    private static ReadOnlySpan<byte> TypeOf(EventKind kind) => kind switch
    {
        EventKind.Trade => "trade"u8,
        EventKind.Quote => "quote"u8,
        EventKind.Run => "run"u8,
        EventKind.Cancel => "cancel"u8,
        _ => "correct"u8,
    };
}

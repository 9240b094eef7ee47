using System.Buffers;
using System.Text.Json;
using Grid.Client.Query;
using Grid.Domain;

namespace Grid.Client.Streams;

/// <summary>Writes and reads the messages of a subscription.</summary>
internal static class StreamMessage
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The message that subscribes.</summary>
    public static ReadOnlyMemory<byte> Subscribe(StreamRequest request, IEnumerable<KeyValuePair<string, ulong>> from)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("op", "subscribe");
            json.WriteNumber("id", 1);
            Texts(json, "instruments", request.Instruments);
            Texts(json, "patterns", request.Patterns);
            Texts(json, "cusips", request.Cusips);
            Texts(json, "kinds", Enum.GetValues<StreamKinds>().Where(k => k != StreamKinds.None && request.Kinds.HasFlag(k)).Select(k => k.ToString().ToLowerInvariant()));
            json.WriteString("slow", request.CloseIfSlow ? "close" : "conflate");
            json.WriteNumber("interval", (long)request.Interval.TotalMilliseconds);
            json.WriteStartObject("from");
            foreach (var (symbol, version) in from)
            {
                json.WriteNumber(symbol, version);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The update in an object; null if its type is none that this client knows.</summary>
    public static StreamUpdate? Read(JsonElement item, string type)
    {
        var update = new StreamUpdate
        {
            Kind = StreamUpdateKind.Latest,
            Instrument = item.TryGetProperty("instrument", out var instrument) ? instrument.GetString()! : string.Empty,
            Version = item.TryGetProperty("version", out var version) ? version.GetUInt64() : 0,
        };
        switch (type)
        {
            case "latest":
                return update with { Latest = item.Deserialize<LatestRow>(Json), IsSnapshot = item.TryGetProperty("snapshot", out var snapshot) && snapshot.GetBoolean() };
            case "trade":
                return WithTick(StreamUpdateKind.Trade);
            case "quote":
                return WithTick(StreamUpdateKind.Quote);
            case "run":
                return WithTick(StreamUpdateKind.Run);
            case "cancel":
                return WithTick(StreamUpdateKind.Cancel);
            case "correct":
                return WithTick(StreamUpdateKind.Correct);
            case "bar":
                return update with { Kind = StreamUpdateKind.Bar, Bar = item.Deserialize<BarRow>(Json), IsClosed = item.GetProperty("closed").GetBoolean() };
            case "cusip":
                return update with { Kind = StreamUpdateKind.Market, Market = item.Deserialize<MarketRow>(Json) };
            case "dropped":
                return update with { Kind = StreamUpdateKind.Dropped, Count = item.GetProperty("count").GetUInt64() };
            default:
                return null;
        }

        // An update says by its type what a row says in a column, and has a reason only if the event was flagged.
        StreamUpdate WithTick(StreamUpdateKind kind)
        {
            var row = item.Deserialize<TickRow>(Json)!;
            return update with { Kind = kind, Tick = row with { Kind = type, Outcome = row.Reason is null ? "accepted" : "flagged" } };
        }
    }

    /// <summary>What the server refuses.</summary>
    public static GridException Refusal(JsonElement error) => new(
        Enum.TryParse<GridErrorCode>(error.GetProperty("code").GetString(), out var code) ? code : GridErrorCode.BadArgument,
        error.GetProperty("detail").GetString()!);

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}

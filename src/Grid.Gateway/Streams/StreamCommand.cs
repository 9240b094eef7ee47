using System.Text.Json;
using Grid.Domain;

namespace Grid.Gateway.Streams;

/// <summary>What a client's message asks for.</summary>
internal enum StreamOp
{
    Subscribe,
    Unsubscribe,
    Ping,
}

/// <summary>A client's message, taken apart. What it does not know it refuses: a misspelt property would else be a subscription to something else.</summary>
internal readonly record struct StreamCommand(StreamOp Op, ulong Id, StreamRequest? Request)
{
    private const ulong IdMax = 1UL << 53;

    /// <exception cref="GridException">Malformed, BadArgument: the message names the property, its value and the rule.</exception>
    public static StreamCommand Read(ReadOnlyMemory<byte> message, out ulong? id)
    {
        id = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(message);
        }
        catch (JsonException e)
        {
            throw new GridException(GridErrorCode.Malformed, $"the message is no JSON: {e.Message}", e);
        }

        using (document)
        {
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new GridException(GridErrorCode.Malformed, $"a message must be a JSON object, not {root.ValueKind}");
            }

            id = root.TryGetProperty("id", out var given) ? Number("id", given, IdMax) : null;
            return Text("op", root.TryGetProperty("op", out var op) ? op : default) switch
            {
                "subscribe" => new StreamCommand(StreamOp.Subscribe, Given(id), ReadRequest(root)),
                "unsubscribe" => new StreamCommand(StreamOp.Unsubscribe, Given(id), null),
                "ping" => new StreamCommand(StreamOp.Ping, 0, null),
                var other => throw StreamRequest.Bad("op", other, "subscribe, unsubscribe or ping"),
            };
        }
    }

    private static ulong Given(ulong? id) => id ?? throw new GridException(GridErrorCode.BadArgument, "'id' is missing; it must be a number that the connection does not use yet");

    private static StreamRequest ReadRequest(JsonElement root)
    {
        var request = new StreamRequest();
        foreach (var property in root.EnumerateObject())
        {
            var value = property.Value;
            switch (property.Name)
            {
                case "op" or "id":
                    break;
                case "instruments":
                    Each(property, request.AddInstrument);
                    break;
                case "patterns":
                    Each(property, request.AddPattern);
                    break;
                case "cusips":
                    Each(property, request.AddCusip);
                    break;
                case "kinds":
                    Each(property, request.AddKind);
                    break;
                case "slow":
                    request.SetSlow(Text("slow", value));
                    break;
                case "interval":
                    request.SetInterval((long)Number("interval", value, long.MaxValue));
                    break;
                case "from":
                    ReadFrom(value, request);
                    break;
                default:
                    throw new GridException(
                        GridErrorCode.BadArgument, $"'{property.Name}' is not known; a subscription has op, id, instruments, patterns, cusips, kinds, slow, interval and from");
            }
        }

        return request;
    }

    private static void ReadFrom(JsonElement from, StreamRequest request)
    {
        if (from.ValueKind != JsonValueKind.Object)
        {
            throw StreamRequest.Bad("from", from.GetRawText(), "an object of symbols and versions");
        }

        foreach (var version in from.EnumerateObject())
        {
            request.AddFrom(version.Name, Number($"from.{version.Name}", version.Value, ulong.MaxValue));
        }
    }

    private static void Each(JsonProperty property, Action<string> add)
    {
        if (property.Value.ValueKind != JsonValueKind.Array)
        {
            throw StreamRequest.Bad(property.Name, property.Value.GetRawText(), "an array of texts");
        }

        foreach (var item in property.Value.EnumerateArray())
        {
            add(Text(property.Name, item));
        }
    }

    private static string Text(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Undefined => throw new GridException(GridErrorCode.BadArgument, $"'{name}' is missing"),
        _ => throw StreamRequest.Bad(name, value.GetRawText(), "a text"),
    };

    private static ulong Number(string name, JsonElement value, ulong most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number) && number <= most
            ? number
            : throw StreamRequest.Bad(name, value.GetRawText(), $"a whole number from 0 to {most}");
}

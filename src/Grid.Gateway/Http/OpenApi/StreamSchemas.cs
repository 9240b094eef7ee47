using System.Text.Json.Nodes;
using Grid.Gateway.Streams;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>The schemas of what the two sides of <c>/v1/stream</c> say. OpenAPI has none for messages, so the route refers to them in <c>x-websocket</c>.</summary>
internal static class StreamSchemas
{
    private const string Place = "#/components/schemas/";

    private const string Subscribe =
        """
        {
          "type": "object",
          "description": "Subscribes. One of instruments, patterns and cusips is needed.",
          "required": ["op", "id"],
          "properties": {
            "op": {"type": "string", "enum": ["subscribe"]},
            "id": {"type": "integer", "minimum": 0, "description": "The client's number for it."},
            "instruments": {"type": "array", "items": {"type": "string"}, "description": "Symbols; one that is not known yet is waited for."},
            "patterns": {"type": "array", "items": {"type": "string"}, "description": "Patterns of symbols (* any text, ? one character), of those that come later too."},
            "cusips": {"type": "array", "items": {"type": "string"}, "description": "CUSIPs, whose market is told whatever the kinds are."},
            "kinds": {"type": "array", "items": {"type": "string", "enum": ["trades", "quotes", "bars", "latest"]}, "description": "What is told of instruments; latest unless given."},
            "slow": {"type": "string", "enum": ["conflate", "close"], "description": "What becomes of a client that falls behind; conflate unless given."},
            "interval": {"type": "integer", "minimum": 0, "maximum": 600000, "description": "Shortest time in milliseconds between two messages of the subscription."},
            "from": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "The last version seen of each symbol, after a lost connection."}
          },
          "additionalProperties": false,
          "example": {"op": "subscribe", "id": 1, "instruments": ["IBM"], "patterns": ["A*"], "kinds": ["trades"], "slow": "conflate", "interval": 0, "from": {"IBM": 123}}
        }
        """;

    private const string Unsubscribe =
        """
        {
          "type": "object",
          "description": "Ends a subscription: no update of it follows the answer.",
          "required": ["op", "id"],
          "properties": {"op": {"type": "string", "enum": ["unsubscribe"]}, "id": {"type": "integer", "minimum": 0}},
          "example": {"op": "unsubscribe", "id": 1}
        }
        """;

    private const string Ping =
        """
        {
          "type": "object",
          "description": "Is answered by pong.",
          "required": ["op"],
          "properties": {"op": {"type": "string", "enum": ["ping"]}},
          "example": {"op": "ping"}
        }
        """;

    private static readonly KeyValuePair<string, string>[] Commands = [new("StreamSubscribe", Subscribe), new("StreamUnsubscribe", Unsubscribe), new("StreamPing", Ping)];

    /// <summary>The schemas by name: each message, and one for all that either side says.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> All() =>
    [
        .. Commands.Select(c => KeyValuePair.Create(c.Key, JsonNode.Parse(c.Value))),
        .. StreamShape.All.Select(s => KeyValuePair.Create<string, JsonNode?>(s.Name, Of(s))),
        new("StreamCommand", OneOf("What a client says.", "op", Commands.Select(c => c.Key))),
        new("StreamMessage", OneOf("What the server says.", "type", StreamShape.All.Select(s => s.Name))),
    ];

    /// <summary>What the messages of a WebSocket are.</summary>
    public static JsonObject Messages() => new()
    {
        ["subprotocol"] = RequestKey.StreamProtocol,
        ["client"] = Reference("StreamCommand"),
        ["server"] = JsonSchema.ArrayOf(Reference("StreamMessage")),
    };

    private static JsonObject Of(StreamShape shape)
    {
        var schema = JsonSchema.Of(shape.Shape);
        schema["properties"]!["type"]!["enum"] = new JsonArray([.. shape.Types.Select(t => (JsonNode)t)]);
        schema["example"] = JsonSchema.Example(shape.Shape);
        return schema;
    }

    private static JsonObject OneOf(string description, string discriminator, IEnumerable<string> names) => new()
    {
        ["description"] = description,
        ["oneOf"] = new JsonArray([.. names.Select(Reference)]),
        ["x-told-apart-by"] = discriminator,
    };

    private static JsonObject Reference(string name) => new() { ["$ref"] = Place + name };
}

using System.Buffers;
using System.Text.Json;
using Grid.Domain;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>What is said to a client beside updates.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Json">The object.</param>
internal sealed record StreamReply(byte[] Type, byte[] Json)
{
    public static StreamReply Hello(IGrid grid) => Make("hello"u8, null, json =>
    {
        json.WriteString("run", grid.Run);
        json.WriteNumber("flushed", grid.FlushedFrame);
    });

    public static StreamReply Subscribed(ulong? id, SubscriptionRequest request, SubscriptionAnswer answer) => Make("subscribed"u8, id, json =>
    {
        json.WriteNumber("instruments", answer.Instruments);
        Texts(json, "waiting", answer.Waiting);
        if (request.From.Count > 0)
        {
            json.WriteBoolean("resumed", answer.Reset.Count == 0);
            Texts(json, "reset", answer.Reset);
        }
    });

    public static StreamReply Unsubscribed(ulong id) => Make("unsubscribed"u8, id, static _ => { });

    public static StreamReply Pong() => Make("pong"u8, null, static _ => { });

    public static StreamReply Error(ulong? id, GridException refusal) => Make("error"u8, id, json =>
    {
        json.WriteString("code", refusal.Code.ToString());
        json.WriteString("detail", refusal.Message);
        json.WriteBoolean("retry", GridError.MayRetry(refusal.Code));
    });

    private static StreamReply Make(ReadOnlySpan<byte> type, ulong? id, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, type);
            if (id is { } number)
            {
                json.WriteNumber("id", number);
            }

            write(json);
            json.WriteEndObject();
        }

        return new StreamReply(type.ToArray(), buffer.WrittenSpan.ToArray());
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}

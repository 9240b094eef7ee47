using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Publishing;

namespace Grid.Gateway.Http;

/// <summary>What became of a request's rows, as members of a JSON object.</summary>
internal static class PublishAnswer
{
    public static void WriteCounts(Utf8JsonWriter json, PublishedCounts counts)
    {
        json.WriteNumber("events", counts.Events);
        json.WriteNumber("accepted", counts.Accepted);
        json.WriteNumber("flagged", counts.Flagged);
        json.WriteNumber("duplicate", counts.Duplicate);
        json.WriteNumber("rejected", counts.Rejected);
        json.WriteStartArray("reasons");
        foreach (var (outcome, count) in counts.Reasons)
        {
            json.WriteStartObject();
            json.WriteString("outcome", outcome.Disposition.ToString().ToLowerInvariant());
            json.WriteString("reason", outcome.Reason.ToString());
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The first refused rows, each with its place and as much as is known of field, value and rule.</summary>
    public static void WriteErrors(Utf8JsonWriter json, RowFaults faults)
    {
        json.WriteStartArray("errors");
        foreach (var placed in faults.Shown)
        {
            json.WriteStartObject();
            if (placed.Item is { } item)
            {
                json.WriteNumber("item", item);
            }

            json.WriteNumber("line", placed.Line);
            if (placed.Fault.Column is { } column)
            {
                json.WriteNumber("column", column);
            }

            json.WriteNumber("offset", placed.Offset);
            WriteIfKnown(json, "code", placed.Fault.Code == GridErrorCode.Malformed ? null : placed.Fault.Code.ToString());
            WriteIfKnown(json, "field", placed.Fault.Field);
            WriteIfKnown(json, "value", placed.Fault.Value);
            WriteIfKnown(json, "rule", placed.Fault.Rule);
            json.WriteString("detail", placed.Fault.Message);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteIfKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}

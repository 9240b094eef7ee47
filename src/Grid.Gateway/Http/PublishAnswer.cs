using System.Text.Json;
using Grid.Domain;
using Grid.Gateway.Http.Rows;
using Grid.Gateway.Publishing;

namespace Grid.Gateway.Http;

/// <summary>What became of a request's rows, as members of a JSON object.</summary>
internal static class PublishAnswer
{
    /// <summary>One refused row.</summary>
    public static readonly RowShape Fault = new(
        Column.Number("item", "2", "Of a JSON array: the item, from 1.").OrNull(),
        Column.Number("line", "2", "The line at which the row begins, from 1."),
        Column.Number("column", "17", "The byte of that line, from 1, if the place in it is known.").OrNull(),
        Column.Number("offset", "83", "The byte of the body, from 0."),
        Column.Text("code", "Forbidden", "An error code, unless it is Malformed.").OrNull(),
        Column.Text("field", "price", "The column.").OrNull(),
        Column.Text("value", "1O0.25", "What it has.").OrNull(),
        Column.Text("rule", "a decimal with at most 9 decimals", "What it must be.").OrNull(),
        Column.Text("detail", "price '1O0.25' is not a decimal with at most 9 decimals", "All of it in a sentence."));

    /// <summary>What became of the rows.</summary>
    public static readonly RowShape Counts = new(
        Column.Number("events", "1000", "Events taken."),
        Column.Number("accepted", "998", "Of those: applied without a mark."),
        Column.Number("flagged", "2", "Applied and marked."),
        Column.Number("duplicate", "0", "Seen before."),
        Column.Number("rejected", "0", "In quarantine."),
        Column.List(
            "reasons",
            new RowShape(
                Column.Text("outcome", "flagged", "What was decided."),
                Column.Text("reason", "PriceBand", "Why."),
                Column.Number("count", "2", "How many events.")),
            "How many for each reason."),
        Column.Number("malformed", "0", "Rows that were refused."),
        Column.List("errors", Fault, "The first 100 of them."));

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

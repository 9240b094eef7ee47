using System.Text.Json;
using Grid.Gateway.Http.Rows;
using Grid.Runtime.Metrics;

namespace Grid.Gateway.Http;

/// <summary>The statements that took longest in the last minute, as the status tells them. <c>/metrics</c> has all.</summary>
internal static class StatementRows
{
    private const int Most = 5;

    public static readonly RowShape Shape = new(
        Column.Text("statement", "copy_ticks", "Its name."),
        Column.Number("count", "290", "How often it was sent in the last minute."),
        Column.Real("p50", "3.1", "The median, in milliseconds."),
        Column.Real("p95", "9.4", "95 % took no longer."),
        Column.Real("p99", "21.7", "99 % took no longer."),
        Column.Real("max", "22.4", "The longest."));

    public static void Write(Utf8JsonWriter json, string name, IEnumerable<StatementFigures> statements)
    {
        json.WriteStartArray(name);
        foreach (var (statement, _, _, _, recent) in statements.Where(s => s.Recent.Count > 0).OrderByDescending(s => s.Recent.P99Ms).Take(Most))
        {
            json.WriteStartObject();
            json.WriteString("statement", statement);
            json.WriteNumber("count", recent.Count);
            json.WriteNumber("p50", Math.Round(recent.P50Ms, 4));
            json.WriteNumber("p95", Math.Round(recent.P95Ms, 4));
            json.WriteNumber("p99", Math.Round(recent.P99Ms, 4));
            json.WriteNumber("max", Math.Round(recent.MaxMs, 4));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

using System.Text;
using System.Text.Json;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Gateway.Http;

/// <summary>
/// One instrument's definition as a JSON object: <c>symbol</c>, and as far as known <c>class</c>, <c>tick_size</c>,
/// <c>lot_size</c>, <c>currency</c>, <c>calendar</c>, <c>cusip</c>, <c>valid_from</c>, <c>valid_to</c>; <c>tickSize</c> and
/// so on are taken as well. A property that is not known is refused: it would be a definition that lacks something.
/// </summary>
internal static class DefinitionItem
{
    private static readonly string[] Known = ["symbol", "class", "tick_size", "lot_size", "currency", "calendar", "cusip", "valid_from", "valid_to"];

    /// <exception cref="FormatException">The message names the property, its value and the rule.</exception>
    public static KeyValuePair<string, InstrumentDefinition> Read(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"an instrument must be a JSON object, not {item.ValueKind}");
        }

        var values = Values(item);
        var symbol = values.GetValueOrDefault("symbol", string.Empty);
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(symbol)))
        {
            throw new FormatException($"symbol: {NameRules.Explain(symbol)}");
        }

        var definition = new InstrumentDefinition
        {
            Class = ShortText(values, "class") is { Length: > 0 } name ? name : InstrumentDefinition.DefaultClass,
            TickSize = values.TryGetValue("tick_size", out var tick) ? NotNegative("tick_size", Price.Parse(tick), default) : default,
            LotSize = values.TryGetValue("lot_size", out var lot) ? NotNegative("lot_size", Quantity.Parse(lot), default) : default,
            Currency = ShortText(values, "currency"),
            Calendar = ShortText(values, "calendar"),
            Cusip = values.TryGetValue("cusip", out var cusip) ? Cusip.Parse(cusip) : default,
            ValidFrom = Time(values, "valid_from", new UnixNanos(long.MinValue)),
            ValidTo = Time(values, "valid_to", new UnixNanos(long.MaxValue)),
        };
        return definition.ValidFrom < definition.ValidTo
            ? new(symbol, definition)
            : throw new FormatException($"valid_from '{definition.ValidFrom}' must be before valid_to '{definition.ValidTo}'");
    }

    // Empty and null are as good as absent. A number is taken as it is written, so that nothing is rounded on the way.
    private static Dictionary<string, string> Values(JsonElement item)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in item.EnumerateObject())
        {
            var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);
            if (!Known.Contains(name))
            {
                throw new FormatException($"'{property.Name}' is not a property of an instrument; they are {string.Join(", ", Known)}");
            }

            var text = property.Value.ValueKind switch
            {
                JsonValueKind.Null => string.Empty,
                JsonValueKind.String => property.Value.GetString()!,
                JsonValueKind.Number => property.Value.GetRawText(),
                _ => throw new FormatException($"{name} must be a text or a number, not {property.Value.ValueKind}"),
            };
            if (text.Length > 0 && !values.TryAdd(name, text))
            {
                throw new FormatException($"{name} is given twice");
            }
        }

        return values;
    }

    private static string ShortText(Dictionary<string, string> values, string name)
    {
        var text = values.GetValueOrDefault(name, string.Empty);
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= GridLimits.NameBytesMax
            ? text
            : throw new FormatException($"{name} '{text[..16]}…' has {bytes} bytes; at most {GridLimits.NameBytesMax} are allowed");
    }

    private static T NotNegative<T>(string name, T value, T zero)
        where T : IComparable<T> =>
        value.CompareTo(zero) >= 0 ? value : throw new FormatException($"{name} is {value}; it must not be negative");

    private static UnixNanos Time(Dictionary<string, string> values, string name, UnixNanos otherwise)
    {
        if (!values.TryGetValue(name, out var text))
        {
            return otherwise;
        }

        return UnixNanos.TryParse(text, out var time) ? time : throw new FormatException($"{name} '{text}' is no ISO 8601 time");
    }
}

using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>The arguments of a query, each refused with its name, its value and the rule.</summary>
internal readonly struct QueryArguments(HttpContext context)
{
    /// <summary>The instrument that the path names.</summary>
    public InstrumentId Instrument(IGrid grid)
    {
        // A slash stays escaped in a path, and a symbol may have one.
        var symbol = Uri.UnescapeDataString(context.Request.RouteValues["symbol"] as string ?? string.Empty);
        var index = grid.Names.Instruments.Find(symbol);
        return index > 0
            ? new InstrumentId((uint)index)
            : throw new GridException(GridErrorCode.InstrumentNotFound, $"there is no instrument '{symbol}'");
    }

    /// <summary>A time, or what holds without one.</summary>
    public UnixNanos Time(string name, UnixNanos otherwise)
    {
        var text = Text(name);
        if (text is null)
        {
            return otherwise;
        }

        return UnixNanos.TryParse(text, out var time)
            ? time
            : throw Bad(name, text, "an ISO 8601 time such as 2013-10-07, 2013-10-07T13:30:00Z or 2013-10-07T13:30:00.123456789Z");
    }

    /// <summary>A number of rows, from 1 on.</summary>
    public int Limit(int otherwise, int most)
    {
        var text = Text("limit");
        if (text is null)
        {
            return Math.Min(otherwise, most);
        }

        return int.TryParse(text, out var limit) && limit >= 1 && limit <= most ? limit : throw Bad("limit", text, $"a whole number from 1 to {most}");
    }

    /// <summary>A whole number from 0 on.</summary>
    public ulong Number(string name)
    {
        var text = Text(name);
        return text is null ? 0 : ulong.TryParse(text, out var number) ? number : throw Bad(name, text, "a whole number");
    }

    /// <summary>The format of rows.</summary>
    public RowFormat Format()
    {
        var text = Text("format");
        return text is null ? RowFormat.Json
            : text is "json" ? RowFormat.Json
            : text is "csv" ? RowFormat.Csv
            : text is "ndjson" ? RowFormat.Ndjson
            : throw Bad("format", text, "json, csv or ndjson");
    }

    /// <summary>A text, or null if it was not given.</summary>
    public string? Text(string name)
    {
        var values = context.Request.Query[name];
        return values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw Bad(name, string.Join(", ", values!), "given once"),
        };
    }

    public static GridException Bad(string name, string value, string rule) => new(GridErrorCode.BadArgument, $"argument '{name}' is '{value}'; it must be {rule}");
}

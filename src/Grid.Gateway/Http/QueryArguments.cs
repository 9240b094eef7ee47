using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grid.Gateway.Http;

/// <summary>The arguments of a query, each refused with its name, its value and the rule.</summary>
internal readonly struct QueryArguments(HttpContext context)
{
    /// <summary>The instrument that the path names after <paramref name="prefix"/>.</summary>
    public InstrumentId Instrument(IGrid grid, string prefix)
    {
        var symbol = Symbol(context, prefix);
        var index = grid.Names.Instruments.Find(symbol);
        return index > 0
            ? new InstrumentId((uint)index)
            : throw new GridException(GridErrorCode.InstrumentNotFound, $"there is no instrument '{symbol}'");
    }

    /// <summary>What the path says after <paramref name="prefix"/>. A symbol may hold a slash, written as it is or as <c>%2F</c>.</summary>
    /// <exception cref="GridException">BadArgument: the path ends there.</exception>
    public static string Symbol(HttpContext context, string prefix)
    {
        var path = context.Request.Path.Value!;
        if (!path.Contains("%2", StringComparison.Ordinal))
        {
            return path.Length > prefix.Length ? path[prefix.Length..]
                : throw new GridException(GridErrorCode.BadArgument, $"the path '{path}' names nothing; what is asked for comes behind '{prefix}'");
        }

        // The server leaves an escaped slash as it is, which cannot be told from an escaped percent sign any more.
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var at = target.IndexOf(prefix, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            throw new GridException(GridErrorCode.BadArgument, $"the path '{path}' is escaped before its symbol; only the symbol may be");
        }

        var start = at + prefix.Length;
        var end = target.IndexOf('?', start);
        return Uri.UnescapeDataString(end < 0 ? target[start..] : target[start..end]);
    }

    /// <summary>The times <c>from</c> and <c>to</c>; without them, from <paramref name="first"/> and to the end.</summary>
    public (UnixNanos From, UnixNanos To) Range(UnixNanos first)
    {
        var from = Time("from", first);
        var to = Time("to", new UnixNanos(long.MaxValue));
        return from <= to ? (from, to) : throw Bad("from", from.ToString(), $"no later than 'to', which is '{to}'");
    }

    /// <summary>A time, or what holds without one.</summary>
    private UnixNanos Time(string name, UnixNanos otherwise)
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

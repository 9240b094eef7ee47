using System.Text;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http.Routes;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.Paging;

/// <summary>The instruments that a request asks for: named one by one, or page by page all that fit a pattern.</summary>
internal sealed class InstrumentList(IGrid grid, GatewayOptions options)
{
    private const int RowsByDefault = 1000;

    private static readonly ApiArgument Instruments = new(
        "instruments", """{"type":"string"}""", "AAPL,MSFT", "Symbols with commas between them; the answer has their order. Either this or pattern.");

    private static readonly ApiArgument After = new("after", """{"type":"string"}""", "AAPL", "With a pattern: only symbols that come after this one. Not with a cursor.");

    /// <summary>The arguments of a route that takes names or a pattern.</summary>
    public static IReadOnlyList<ApiArgument> NamesOrPattern { get; } = [Instruments, ApiArgument.Pattern, After, ApiArgument.Limit, ApiArgument.Cursor];

    /// <summary>The arguments of a route that takes a pattern, or all.</summary>
    public static IReadOnlyList<ApiArgument> PatternOrAll { get; } = [ApiArgument.Pattern, After, ApiArgument.Limit, ApiArgument.Cursor];

    /// <summary>The instruments named, or those of the page.</summary>
    public async ValueTask<IReadOnlyList<InstrumentId>> NamedOrFittingAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        if (arguments.Text("instruments") is not { } instruments)
        {
            var pattern = arguments.Text("pattern") ?? throw new GridException(
                GridErrorCode.BadArgument, "give the argument 'instruments' (symbols with commas) or 'pattern' (* and ? stand for any text and any character)");
            return await FittingAsync(context, pattern).ConfigureAwait(false);
        }

        return Named(context, instruments, id => grid.TryGetLatest(id, out _));
    }

    /// <summary>The page of the instruments that fit the pattern, which is all without one.</summary>
    public ValueTask<IReadOnlyList<InstrumentId>> FittingAsync(HttpContext context) =>
        FittingAsync(context, new QueryArguments(context).Text("pattern") ?? "*");

    /// <summary>A page of anything that is listed in symbol order.</summary>
    /// <param name="context">The request.</param>
    /// <param name="find">Gives items after a symbol, at most so many.</param>
    /// <param name="idOf">An item's instrument.</param>
    public async ValueTask<IReadOnlyList<T>> PageAsync<T>(HttpContext context, Func<string?, int, ValueTask<IReadOnlyList<T>>> find, Func<T, InstrumentId> idOf)
    {
        var arguments = new QueryArguments(context);
        var cursor = new PageCursor(context);
        var limit = arguments.Limit(RowsByDefault, options.RowsMax);
        var after = arguments.Text("after");
        if (cursor.Place is { } place)
        {
            after = Encoding.ASCII.GetString(place);
        }

        // One more than asked for tells whether there is a next page.
        var found = await find(after, limit + 1).ConfigureAwait(false);
        if (found.Count <= limit)
        {
            return found;
        }

        cursor.SetNext(grid.Names.Instruments[(int)idOf(found[limit - 1]).Value]);
        return [.. found.Take(limit)];
    }

    /// <summary>The instruments named with commas between them, in that order.</summary>
    /// <param name="context">The request, which may have no cursor then.</param>
    /// <param name="instruments">Their symbols.</param>
    /// <param name="isKnown">Whether there is an answer for one.</param>
    public IReadOnlyList<InstrumentId> Named(HttpContext context, string instruments, Func<InstrumentId, bool> isKnown)
    {
        if (context.Request.Query.ContainsKey(PageCursor.Argument))
        {
            throw new PageCursor(context).Refusal();
        }

        var ids = new List<InstrumentId>();
        var unknown = new List<string>();
        foreach (var symbol in instruments.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var index = grid.Names.Instruments.Find(symbol);
            var id = new InstrumentId((uint)Math.Max(index, 0));
            if (index > 0 && isKnown(id))
            {
                ids.Add(id);
            }
            else
            {
                unknown.Add(symbol);
            }
        }

        return unknown.Count == 0
            ? ids
            : throw new GridException(GridErrorCode.InstrumentNotFound, $"there is no instrument {string.Join(", ", unknown.Select(s => $"'{s}'"))}");
    }

    private ValueTask<IReadOnlyList<InstrumentId>> FittingAsync(HttpContext context, string pattern) =>
        PageAsync(context, (after, limit) => grid.FindInstrumentsAsync(pattern, after, limit, context.RequestAborted), static id => id);
}

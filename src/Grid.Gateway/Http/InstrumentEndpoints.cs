using System.Text.Json;
using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>Instrument definitions: one is read, many are put as a JSON array; each item of the array stands or falls alone.</summary>
internal sealed class InstrumentEndpoints(IGrid grid, GatewayOptions options, InstrumentPublisher publisher)
{
    private static readonly RowShape Definition = new(
        Column.Text("symbol", "AAPL", "The instrument."),
        Column.Text("class", "equity", "Its class, which says what rules hold."),
        Column.Decimal("tick_size", "0.01", "Smallest step of its price; 0 if not known."),
        Column.Decimal("lot_size", "1", "Smallest step of its size; 0 if not known."),
        Column.Text("currency", "USD", "Its currency; empty if not known."),
        Column.Text("calendar", "XNYS", "Its session calendar; empty for that of its class."),
        Column.Text("cusip", "037833100", "Its CUSIP; empty if it has none."),
        Column.Time("valid_from", "From when the definition holds; absent for always.").OrNull(),
        Column.Time("valid_to", "Until when the definition holds; absent for ever.").OrNull());

    private static readonly RowShape Result = new(
        Column.Number("accepted", "1", "Definitions published."),
        Column.List(
            "errors",
            new RowShape(Column.Number("index", "1", "Place of the item in the array, from 0."), Column.Text("detail", "tick_size is -1; it must not be negative", "Why it was refused.")),
            "The items that were refused."));

    private static readonly RowShape Listed = new(
    [
        Column.Text("symbol", "AAPL", "The instrument."),
        Column.Flag("defined", "True if it has a definition that is valid now; without one the rest is empty."),
        .. Definition.Columns.Skip(1).Select(c => c.OrNull()),
    ]);

    private readonly InstrumentList _list = new(grid, options);

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/instruments", "Instruments with their definitions", ListAsync)
        {
            Description = "All that fit a pattern, or all of which an event was applied.",
            Arguments = [.. InstrumentList.PatternOrAll, ApiArgument.Format],
            Answer = ApiAnswer.Rows(Listed),
            Headers = [ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.BadArgument],
        },
        new("GET", "/v1/instruments/{symbol}", "The definition of an instrument", GetAsync)
        {
            Arguments = [ApiArgument.Symbol],
            Answer = ApiAnswer.Object(Definition),
            Errors = [GridErrorCode.InstrumentNotFound],
        },
        new("PUT", "/v1/instruments", "Publish definitions", PutAsync)
        {
            Description = "Answers when the definitions are durable and applied. Each item stands or falls alone. Only the symbol is needed; a property that is not known is refused.",
            Body = ApiBody.Items(Definition, "symbol"),
            Answer = ApiAnswer.Object(Result),
            Errors = [GridErrorCode.Malformed, GridErrorCode.TooLarge, GridErrorCode.EpochStale, GridErrorCode.ProducerBusy, GridErrorCode.StorageFailed, GridErrorCode.Stopping],
        },
    ];

    private async Task ListAsync(HttpContext context)
    {
        var format = new QueryArguments(context).Format();
        var ids = await _list.FittingAsync(context).ConfigureAwait(false);
        using var body = new RowBody(context, format, Listed);
        foreach (var id in ids)
        {
            var definition = await grid.GetDefinitionAsync(id, context.RequestAborted).ConfigureAwait(false);
            body.Name(grid.Names.Instruments[(int)id.Value]);
            body.Flag(definition is not null);
            Add(body, definition);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static void Add(RowBody row, InstrumentDefinition? definition)
    {
        if (definition is null)
        {
            row.Nulls(Definition.Columns.Count - 1);
            return;
        }

        row.Text(definition.Class);
        row.Price(definition.TickSize);
        row.Size(definition.LotSize);
        row.Text(definition.Currency);
        row.Text(definition.Calendar);
        row.Text(definition.Cusip.ToString());
        row.Text(definition.ValidFrom.Value == long.MinValue ? null : definition.ValidFrom.ToString());
        row.Text(definition.ValidTo.Value == long.MaxValue ? null : definition.ValidTo.ToString());
    }

    private async Task GetAsync(HttpContext context)
    {
        var id = new QueryArguments(context).Instrument(grid, "/v1/instruments/");
        var symbol = grid.Names.Symbol(id);
        var definition = await grid.GetDefinitionAsync(id, context.RequestAborted).ConfigureAwait(false)
            ?? throw new GridException(GridErrorCode.InstrumentNotFound, $"instrument '{symbol}' has no definition that is valid now");
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("symbol", symbol);
            json.WriteString("class", definition.Class);
            json.WriteString("tick_size", definition.TickSize.ToString());
            json.WriteString("lot_size", definition.LotSize.ToString());
            json.WriteString("currency", definition.Currency);
            json.WriteString("calendar", definition.Calendar);
            json.WriteString("cusip", definition.Cusip.ToString());
            if (definition.ValidFrom.Value != long.MinValue)
            {
                json.WriteString("valid_from", definition.ValidFrom.ToString());
            }

            if (definition.ValidTo.Value != long.MaxValue)
            {
                json.WriteString("valid_to", definition.ValidTo.ToString());
            }

            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private async Task PutAsync(HttpContext context)
    {
        JsonDocument document;
        try
        {
            // First to its end, so that the parsing does not run on the thread that received that. The web server keeps it within BodyBytesMax.
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
            await OffSocketThread.HopAsync().ConfigureAwait(false);
            body.Position = 0;
            document = JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new GridException(GridErrorCode.Malformed, $"the body is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}", e);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new GridException(GridErrorCode.Malformed, "the body must be a JSON array of instruments");
            }

            var taken = new List<KeyValuePair<string, InstrumentDefinition>>();
            var errors = new List<(int Index, string Detail)>();
            foreach (var (index, item) in document.RootElement.EnumerateArray().Index())
            {
                try
                {
                    taken.Add(DefinitionItem.Read(item));
                }
                catch (Exception e) when (e is FormatException or InvalidOperationException)
                {
                    // Text with half a surrogate pair is an InvalidOperationException.
                    errors.Add((index, e.Message));
                }
            }

            await publisher.PublishAsync(taken, context.RequestAborted).ConfigureAwait(false);
            await AnswerAsync(context, taken.Count, errors).ConfigureAwait(false);
        }
    }

    private static async Task AnswerAsync(HttpContext context, int taken, List<(int Index, string Detail)> errors)
    {
        context.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteNumber("accepted", taken);
            json.WriteStartArray("errors");
            foreach (var (index, detail) in errors)
            {
                json.WriteStartObject();
                json.WriteNumber("index", index);
                json.WriteString("detail", detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}

using System.Text.Json;
using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Http;

/// <summary>Instrument definitions: one is read, many are put as a JSON array; each item of the array stands or falls alone.</summary>
internal static class InstrumentEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, IGrid grid, InstrumentPublisher publisher)
    {
        routes.MapGet("/v1/instruments/{**symbol}", context => GetAsync(context, grid));
        routes.MapPut("/v1/instruments", context => PutAsync(context, publisher));
    }

    private static async Task GetAsync(HttpContext context, IGrid grid)
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

    private static async Task PutAsync(HttpContext context, InstrumentPublisher publisher)
    {
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted).ConfigureAwait(false);
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

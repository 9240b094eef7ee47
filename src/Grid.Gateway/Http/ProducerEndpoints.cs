using Grid.Domain;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>The feeding clients and how far each has come.</summary>
internal sealed class ProducerEndpoints(IGrid grid)
{
    private static readonly RowShape Shape = new(
        Column.Text("name", "sip-feed", "The producer."),
        Column.Number("epoch", "1700000000", "Its current life, or its last."),
        Column.Number("last_batch", "4711", "Highest batch number taken in this epoch."),
        Column.Number("durable_batch", "4709", "Highest batch number that is durable and applied, with all before it."),
        Column.Number("lag", "2", "Batches taken and not yet durable."),
        Column.Flag("connected", "True while its feed is open."),
        Column.Time("connected_since", "When its feed was opened.").OrNull(),
        Column.Time("last_seen", "When its feed was opened or closed or a batch came, whichever was last; null if that was before the server started.").OrNull());

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/producers", "The producers and how far each has come", ListAsync)
        {
            Description = "All that ever connected, in the order of their names.",
            Arguments = [ApiArgument.Format],
            Answer = ApiAnswer.Rows(Shape),
            Errors = [GridErrorCode.BadArgument],
        },
    ];

    private async Task ListAsync(HttpContext context)
    {
        var format = new QueryArguments(context).Format();
        using var body = new RowBody(context, format, Shape);
        foreach (var producer in await grid.GetProducersAsync(context.RequestAborted).ConfigureAwait(false))
        {
            Add(body, producer);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static void Add(RowBody row, ProducerStatus producer)
    {
        row.Text(producer.Name);
        row.Number(producer.Epoch);
        row.Number(producer.LastBatch);
        row.Number(producer.DurableBatch);
        row.Number(producer.LastBatch - producer.DurableBatch);
        row.Flag(producer.ConnectedSince is not null);
        foreach (var time in (ReadOnlySpan<Domain.Identifiers.UnixNanos?>)[producer.ConnectedSince, producer.LastSeen])
        {
            if (time is { } moment)
            {
                row.Time(moment);
            }
            else
            {
                row.Null();
            }
        }
    }
}

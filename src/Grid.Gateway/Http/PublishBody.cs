using System.IO.Pipelines;
using Grid.Domain;
using Grid.Gateway.Publishing;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>Publishes the rows of a request's body, compressed or not.</summary>
internal sealed class PublishBody(EventPublisher publisher, GatewayOptions options, TimeProvider time)
{
    private const int InflateBytes = 64 << 10;

    /// <summary>Publishes all of it and tells what became of it.</summary>
    /// <exception cref="GridException">The body is too large, no gzip, or compressed in another way, or the grid refuses.</exception>
    public async Task<PublishedCounts> PublishAsync(HttpContext context, PublicationTerms terms, RowIntake intake)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        await using var pump = new BodyPump(publisher, terms, intake, time);
        if (encoding is "" or "identity")
        {
            return await pump.RunAsync(context.Request.BodyReader, long.MaxValue, context.RequestAborted).ConfigureAwait(false);
        }

        if (!encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase))
        {
            throw new GridException(GridErrorCode.UnsupportedContent, $"the content encoding is '{encoding}'; gzip and identity are understood");
        }

        await using var inflated = new GzipBody(context.Request.Body);
        var body = PipeReader.Create(inflated, new StreamPipeReaderOptions(bufferSize: InflateBytes));
        try
        {
            return await pump.RunAsync(body, InflatedBytesMax(context.Request.ContentLength), context.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            throw new GridException(GridErrorCode.Malformed, $"the body is no whole gzip: {e.Message}", e);
        }
        finally
        {
            await body.CompleteAsync().ConfigureAwait(false);
        }
    }

    // A small body that becomes a large one is an attack, not market data.
    private long InflatedBytesMax(long? compressedBytes)
    {
        var compressed = Math.Min(compressedBytes ?? options.BodyBytesMax, options.BodyBytesMax);
        return Math.Min(options.InflatedBytesMax, Math.Max(GridLimits.HttpInflatedBytesFree, compressed * GridLimits.HttpInflatedRatioMax));
    }
}

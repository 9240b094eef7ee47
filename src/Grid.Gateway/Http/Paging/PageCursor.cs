using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Grid.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grid.Gateway.Http.Paging;

/// <summary>
/// Where the next page of a list begins, as text that says nothing to others: version (1 byte), checksum of the question
/// (4), the place in the list's own order, checksum of all that (4), in URL-safe base 64. It belongs to one question: a
/// path and all arguments but <c>cursor</c>, <c>limit</c> and <c>format</c>.
/// </summary>
/// <remarks>A place is a value and no position: it holds while the list grows, and after a restart.</remarks>
internal readonly struct PageCursor(HttpContext context)
{
    /// <summary>The argument.</summary>
    public const string Argument = "cursor";

    private const byte Version = 1;
    private const int HeadBytes = 5;
    private const int TailBytes = 4;
    private const int TextCharactersMax = 1024;

    /// <summary>The place that the request's cursor names; null without a cursor.</summary>
    public byte[]? Place
    {
        get
        {
            var text = new QueryArguments(context).Text(Argument);
            if (text is null)
            {
                return null;
            }

            var bytes = text.Length <= TextCharactersMax && Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : [];
            return bytes.Length >= HeadBytes + TailBytes
                && bytes[0] == Version
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(bytes.Length - TailBytes)) == Crc32C.Compute(bytes.AsSpan(0, bytes.Length - TailBytes))
                && BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(1)) == Question()
                ? bytes[HeadBytes..^TailBytes]
                : throw Refusal();
        }
    }

    /// <summary>Says in the answer's headers where the next page begins.</summary>
    public void SetNext(ReadOnlySpan<byte> place)
    {
        var bytes = new byte[HeadBytes + place.Length + TailBytes];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), Question());
        place.CopyTo(bytes.AsSpan(HeadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - TailBytes), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - TailBytes)));
        var cursor = Base64Url.EncodeToString(bytes);
        var query = new StringBuilder();
        foreach (var (name, values) in context.Request.Query.Where(a => a.Key != Argument))
        {
            query.Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(values.ToString())).Append('&');
        }

        context.Response.Headers["Grid-Next"] = cursor;
        context.Response.Headers.Link = $"<{Path()}?{query}{Argument}={cursor}>; rel=\"next\"";
    }

    /// <summary>That a cursor is not one of this list.</summary>
    public GridException Refusal() =>
        QueryArguments.Bad(Argument, new QueryArguments(context).Text(Argument) ?? string.Empty, "what Grid-Next said in an answer to the same request");

    private uint Question()
    {
        var text = new StringBuilder(Path());
        foreach (var (name, values) in context.Request.Query.Where(a => a.Key is not (Argument or "limit" or "format")).OrderBy(a => a.Key, StringComparer.Ordinal))
        {
            text.Append('\n').Append(name).Append('=').Append(values.ToString());
        }

        return Crc32C.Compute(Encoding.UTF8.GetBytes(text.ToString()));
    }

    // As it was sent, so that a symbol with a slash stays what it was; a header's angle brackets must not end early.
    private string Path()
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var end = target.IndexOf('?', StringComparison.Ordinal);
        return (end < 0 ? target : target[..end]).Replace("<", "%3C", StringComparison.Ordinal).Replace(">", "%3E", StringComparison.Ordinal);
    }
}

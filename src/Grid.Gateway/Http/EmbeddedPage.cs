using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>A page that stands in the program itself and needs no other address.</summary>
internal sealed class EmbeddedPage(string name)
{
    private readonly byte[] _html = Load(name);

    public async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
        context.Response.ContentLength = _html.Length;
        await context.Response.BodyWriter.WriteAsync(_html, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Load(string name)
    {
        using var stream = typeof(EmbeddedPage).Assembly.GetManifestResourceStream($"Grid.Gateway.Http.{name}.html")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

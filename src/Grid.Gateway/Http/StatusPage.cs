using Grid.Gateway.Http.Routes;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>A plain page at <c>/</c> that shows rates and prices as they come.</summary>
internal static class StatusPage
{
    private static readonly byte[] Html = Load();

    public static IEnumerable<ApiRoute> Routes() =>
        [new("GET", "/", "A page with rates and prices as they come", AnswerAsync) { Answer = ApiAnswer.Text("text/html", "<!doctype html>…") }];

    private static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";
        context.Response.ContentLength = Html.Length;
        await context.Response.BodyWriter.WriteAsync(Html, context.RequestAborted).ConfigureAwait(false);
    }

    private static byte[] Load()
    {
        using var stream = typeof(StatusPage).Assembly.GetManifestResourceStream("Grid.Gateway.Http.StatusPage.html")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}

using Grid.Gateway.Http.Routes;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>The pages, and the description of the interface with a page to try it.</summary>
internal sealed class DescriptionEndpoints
{
    private static readonly EmbeddedPage Docs = new("OpenApi.DocsPage");

    private byte[] _document = [];

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/docs", "A page to read about this interface and to try it", Docs.AnswerAsync) { Answer = ApiAnswer.Text("text/html", "<!doctype html>…") },
        new("GET", OpenApiDocument.Path, "This document", DocumentAsync) { Answer = ApiAnswer.Text("application/json", "{\"openapi\":\"3.1.0\"}") },
    ];

    /// <summary>Sets the routes that are described.</summary>
    public void Describe(IReadOnlyList<ApiRoute> routes) => _document = OpenApiDocument.Write(routes);

    private async Task DocumentAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = _document.Length;
        await context.Response.BodyWriter.WriteAsync(_document, context.RequestAborted).ConfigureAwait(false);
    }
}

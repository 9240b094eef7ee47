using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Dashboard;

/// <summary>
/// The dashboard's files, which are part of this assembly: the page at <c>/</c>, what it loads under <c>/dashboard/</c>. The page may
/// load from and talk to this server only.
/// </summary>
internal static class DashboardFiles
{
    private const string Page = "index.html";
    private const string Prefix = "dashboard/";

    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The files by name.</summary>
    public static IReadOnlyDictionary<string, DashboardFile> All { get; } = Load();

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var file in All.Values)
        {
            routes.MapGet(file.Name == Page ? "/" : "/" + Prefix + file.Name, context => AnswerAsync(context, file));
        }
    }

    // Kept by browsers and asked for again each time: a server of another version answers with its own files at once.
    private static async Task AnswerAsync(HttpContext context, DashboardFile file)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        headers.ETag = file.ETag;
        if (context.Request.Headers.IfNoneMatch.Contains(file.ETag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = file.ContentType;
        context.Response.ContentLength = file.Bytes.Length;
        await context.Response.BodyWriter.WriteAsync(file.Bytes, context.RequestAborted).ConfigureAwait(false);
    }

    private static Dictionary<string, DashboardFile> Load()
    {
        var assembly = typeof(DashboardFiles).Assembly;
        var files = new Dictionary<string, DashboardFile>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(r => r.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var name = resource[Prefix.Length..];
            files[name] = new DashboardFile(name, TypeOf(name), bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes)[..16])}\"");
        }

        return files;
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
}

/// <summary>One file of the dashboard.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ContentType">What it is.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="ETag">Differs if the content does.</param>
internal sealed record DashboardFile(string Name, string ContentType, byte[] Bytes, string ETag);

using System.Text.Json;
using Grid.Domain;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>Errors as RFC 9457 problem details, with Grid's error code and whether trying again can help.</summary>
internal static class Problem
{
    public static async Task WriteAsync(HttpContext context, int status, string code, string detail, TimeSpan retryAfter = default)
    {
        var allow = context.Response.Headers.Allow;
        context.Response.Clear();
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status405MethodNotAllowed)
        {
            context.Response.Headers.Allow = allow;
        }

        context.Response.ContentType = "application/problem+json";
        if (status == StatusCodes.Status401Unauthorized)
        {
            // Not Basic: a browser would keep what it is told then and send it along with requests of other sites' pages.
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"grid\"";
        }

        if (status == StatusCodes.Status429TooManyRequests)
        {
            context.Response.Headers.RetryAfter = $"{Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds))}";
        }

        await using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", code);
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            json.WriteString("code", code);
            json.WriteBoolean("retry", Enum.TryParse<GridErrorCode>(code, out var known) && GridError.MayRetry(known));
            json.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}

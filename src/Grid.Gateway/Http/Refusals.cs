using Grid.Domain;
using Grid.Gateway.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Http;

/// <summary>
/// Turns what goes wrong with a request into problem details, and refuses requests that a browser sends for a page of
/// another site: one whose name was pointed at this machine must not reach a server that asks for no key, and no foreign
/// page may use what a browser remembers of one that does.
/// </summary>
internal sealed partial class Refusals(ILogger log, IReadOnlyList<string> hostsAllowed, IReadOnlyList<string> corsOrigins, Gatekeeper gatekeeper)
{
    /// <summary>Answers a request that nothing is mapped to.</summary>
    public static Task NothingThereAsync(HttpContext context) => Problem.WriteAsync(
        context, StatusCodes.Status404NotFound, nameof(GridErrorCode.NotFound), $"there is nothing at '{context.Request.Path}' for {context.Request.Method}");

    /// <summary>Answers a request for which there is no route; behind routing.</summary>
    public static async Task RoutedAsync(RequestDelegate next, HttpContext context)
    {
        if (context.GetEndpoint() is null)
        {
            await NothingThereAsync(context).ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);

        // Routing has a route of its own for a path that other methods have; it says which, and nothing more.
        if (context.Response is { StatusCode: StatusCodes.Status405MethodNotAllowed, HasStarted: false })
        {
            await Problem.WriteAsync(
                context,
                StatusCodes.Status405MethodNotAllowed,
                nameof(GridErrorCode.MethodNotAllowed),
                $"'{context.Request.Path}' takes {context.Response.Headers.Allow}, not {context.Request.Method}").ConfigureAwait(false);
        }
    }

    public async Task AnswerAsync(RequestDelegate next, HttpContext context)
    {
        try
        {
            var host = context.Request.Headers.Host.ToString();
            if (context.Request.Headers.Origin is { Count: > 0 } origin && !IsOurPage(origin.ToString(), host) && !MayRead(origin.ToString(), context.Request.Method))
            {
                throw new GridException(
                    GridErrorCode.Forbidden,
                    $"the request comes from a page of '{origin}'; this server answers its own pages only (options {nameof(GatewayOptions.HostsAllowed)}, {nameof(GatewayOptions.CorsOrigins)})");
            }

            if (!gatekeeper.AsksForKeys && !IsMeantForUs(host))
            {
                throw new GridException(
                    GridErrorCode.BadArgument,
                    $"the request is meant for host '{context.Request.Headers.Host}'; this server answers for localhost and loopback addresses (option {nameof(GatewayOptions.HostsAllowed)})");
            }

            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away.
        }
        catch (Exception) when (context.Response.HasStarted)
        {
            // Half an answer is out: a broken connection tells the client, a proper end would not.
            context.Abort();
        }
        catch (GridException refused)
        {
            await Problem.WriteAsync(context, GridError.HttpStatus(refused.Code), refused.Code.ToString(), refused.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException bad)
        {
            var code = bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? GridErrorCode.TooLarge : GridErrorCode.Malformed;
            await Problem.WriteAsync(context, bad.StatusCode, code.ToString(), bad.Message).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Unexpected(log, context.Request.Method, context.Request.Path, e);
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "Internal", "the server failed on this request; its log says why").ConfigureAwait(false);
        }
    }

    private bool IsMeantForUs(ReadOnlySpan<char> host)
    {
        var name = HostName(host);
        if (name.IsEmpty || IsLoopback(name) || name.SequenceEqual("[::1]") || name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return IsAllowed(name);
    }

    private bool IsOurPage(string origin, string host)
    {
        var start = origin.IndexOf("://", StringComparison.Ordinal);
        return start > 0 && (origin.AsSpan(start + 3).Equals(host, StringComparison.OrdinalIgnoreCase) || IsAllowed(HostName(origin.AsSpan(start + 3))));
    }

    private bool MayRead(string origin, string method) =>
        corsOrigins.Contains(origin) && (HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method));

    private bool IsAllowed(ReadOnlySpan<char> name)
    {
        foreach (var allowed in hostsAllowed)
        {
            if (name.Equals(allowed, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    // An address, and not a name such as 127.example.org, which may lead anywhere.
    private static bool IsLoopback(ReadOnlySpan<char> name) => name.StartsWith("127.") && !name.ContainsAnyExcept("0123456789.");

    // The host without its port.
    private static ReadOnlySpan<char> HostName(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? host[..colon] : host;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed unexpectedly")]
    private static partial void Unexpected(ILogger log, string method, PathString path, Exception e);
}

using Grid.Domain;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.Routes;

/// <summary>
/// One route: what is mapped, and what the description of the interface says of it. An argument that is not named here is
/// refused, so that neither can have what the other lacks.
/// </summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path; <c>{symbol}</c> stands for all that follows, as a symbol may hold slashes.</param>
/// <param name="Summary">What it gives, in a few words.</param>
/// <param name="Handler">Answers it.</param>
internal sealed record ApiRoute(string Method, string Path, string Summary, RequestDelegate Handler)
{
    /// <summary>What the summary leaves out.</summary>
    public string Description { get; init; } = string.Empty;

    public IReadOnlyList<ApiArgument> Arguments { get; init; } = [];

    /// <summary>The answer if all is well.</summary>
    public required ApiAnswer Answer { get; init; }

    public IReadOnlyList<ApiHeader> Headers { get; init; } = [];

    /// <summary>What the request's body must be; null if it has none.</summary>
    public ApiBody? Body { get; init; }

    /// <summary>What it may refuse with, besides arguments that it does not know.</summary>
    public IReadOnlyList<GridErrorCode> Errors { get; init; } = [];

    /// <summary>What its refusals are; null for problem details alone.</summary>
    public ApiRefusal? Refusal { get; init; }

    /// <summary>True if arguments that it does not know are passed over, as clients of other servers bring theirs.</summary>
    public bool PassesOverOthers { get; init; }

    /// <summary>True if the answer goes on until one side ends it: messages of a WebSocket, or events.</summary>
    public bool IsStream { get; init; }

    /// <summary>True if the answer may be 304 Not Modified.</summary>
    public bool MayBeNotModified { get; init; }

    /// <summary>True if the answer may be 503 with the same content.</summary>
    public bool MayBeUnavailable { get; init; }

    /// <summary>The path as the framework's routing writes it.</summary>
    public string Pattern => Path.Replace("{symbol}", "{**symbol}", StringComparison.Ordinal);

    /// <summary>Answers a request that asks for nothing this route does not know.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        foreach (var (name, values) in context.Request.Query)
        {
            if (!PassesOverOthers && !Arguments.Any(a => a.Place == ArgumentPlace.Query && a.Name == name))
            {
                var known = string.Join(", ", Arguments.Where(a => a.Place == ArgumentPlace.Query).Select(a => a.Name));
                throw new GridException(
                    GridErrorCode.BadArgument,
                    $"there is no argument '{name}' (it is '{values}'); {Method} {Path} takes {(known.Length > 0 ? known : "none")}");
            }
        }

        return Handler(context);
    }
}

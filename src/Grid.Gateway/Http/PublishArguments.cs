using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Publishing;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>What a request that publishes says beside its body.</summary>
internal static class PublishArguments
{
    private const string ProducerHeader = "Grid-Producer";
    private const string EpochHeader = "Grid-Epoch";
    private const string BatchHeader = "Grid-Batch";
    private const string PolicyHeader = "Grid-Policy";
    private const string AnyText = """{"type":"string"}""";
    private const string FromOne = """{"type":"integer","minimum":1}""";
    private static readonly string Policies = string.Join(", ", Enum.GetNames<DedupPolicy>()).ToLowerInvariant();
    private static readonly string PolicySchema = $$"""{"type":"string","enum":["{{Policies.Replace(", ", "\",\"", StringComparison.Ordinal)}}"]}""";

    /// <summary>What the description of a route says of requests that are sent again.</summary>
    public const string Again = $"With {ProducerHeader}, {EpochHeader} and {BatchHeader} a request that is sent twice is applied once.";

    /// <summary>The arguments of a route that publishes.</summary>
    public static IReadOnlyList<ApiArgument> All { get; } =
    [
        new("source", AnyText, "mine", "The source of rows that name none; unless given, the format's name."),
        new("policy", PolicySchema, "sequence", $"How duplicates of a new source are told; one that differs from a known source's is refused. {PolicyHeader} says the same."),
        new(PolicyHeader, PolicySchema, "sequence", "As policy.") { Place = ArgumentPlace.Header },
        new(ProducerHeader, AnyText, "ticker-plant", "Who publishes, in every life of it the same.") { Place = ArgumentPlace.Header },
        new(EpochHeader, FromOne, "1", "The producer's life; a new one has a higher number.") { Place = ArgumentPlace.Header },
        new(BatchHeader, FromOne, "1", "The request's number in that life, from 1 without holes.") { Place = ArgumentPlace.Header },
        new("Content-Encoding", """{"type":"string","enum":["gzip","identity"]}""", "gzip", "How the body is compressed.") { Place = ArgumentPlace.Header },
    ];

    /// <summary>What a route that publishes may refuse with.</summary>
    public static IReadOnlyList<GridErrorCode> Errors { get; } =
    [
        GridErrorCode.Malformed, GridErrorCode.BadName, GridErrorCode.Forbidden, GridErrorCode.TimedOut, GridErrorCode.SourceDiffers, GridErrorCode.BatchNumberReused,
        GridErrorCode.BatchNumberSkipped, GridErrorCode.BatchTooOld, GridErrorCode.EpochStale, GridErrorCode.ProducerBusy, GridErrorCode.TooLarge, GridErrorCode.UnsupportedContent,
        GridErrorCode.StorageFailed, GridErrorCode.Stopping,
    ];

    /// <summary>Who publishes, and the policy and the identity that the client asks for.</summary>
    /// <exception cref="GridException">One of them is not well formed, or the producer is not one of the caller's key.</exception>
    public static PublicationTerms Terms(HttpContext context)
    {
        var caller = Caller.Of(context);
        var batch = Batch(context);
        if (batch is not null)
        {
            caller.RequireProducer(batch.Producer);
        }

        return new PublicationTerms(caller, Policy(context), batch);
    }

    /// <summary>The source of rows that name none.</summary>
    public static string Source(HttpContext context, string otherwise)
    {
        var source = new QueryArguments(context).Text("source") ?? otherwise;
        return NameRules.IsValid(System.Text.Encoding.UTF8.GetBytes(source))
            ? source
            : throw new GridException(GridErrorCode.BadName, $"argument 'source': {NameRules.Explain(source)}");
    }

    private static DedupPolicy? Policy(HttpContext context)
    {
        var text = new QueryArguments(context).Text("policy") ?? Header(context, PolicyHeader);
        if (text is null)
        {
            return null;
        }

        foreach (var policy in Enum.GetValues<DedupPolicy>())
        {
            if (policy.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return policy;
            }
        }

        throw QueryArguments.Bad("policy", text, $"one of {Policies}");
    }

    private static BatchIdentity? Batch(HttpContext context)
    {
        var producer = Header(context, ProducerHeader);
        var epoch = Header(context, EpochHeader);
        var batch = Header(context, BatchHeader);
        if (producer is null && epoch is null && batch is null)
        {
            return null;
        }

        if (producer is null || epoch is null || batch is null)
        {
            throw new GridException(GridErrorCode.BadArgument, $"the headers {ProducerHeader}, {EpochHeader} and {BatchHeader} are given together or not at all");
        }

        return new BatchIdentity(producer, Number(EpochHeader, epoch), Number(BatchHeader, batch));
    }

    private static string? Header(HttpContext context, string name)
    {
        var values = context.Request.Headers[name];
        return values.Count switch
        {
            0 => null,
            1 => values[0],
            _ => throw QueryArguments.Bad(name, string.Join(", ", values!), "given once"),
        };
    }

    private static ulong Number(string name, string text) =>
        ulong.TryParse(text, out var number) ? number : throw QueryArguments.Bad(name, text, "a whole number from 1");
}

using System.Globalization;
using System.Security.Cryptography;

namespace Grid.Gateway.Access;

/// <summary>One key as the key file has it.</summary>
public sealed record KeyRecord
{
    /// <summary>What <see cref="Hash"/> begins with.</summary>
    internal const string HashPrefix = "sha256:";

    /// <summary>What <see cref="Certificate"/> begins with if it names one certificate.</summary>
    internal const string ThumbprintPrefix = "sha256:";

    /// <summary>What <see cref="Certificate"/> begins with if it names whoever a certificate authority calls so.</summary>
    internal const string SubjectPrefix = "subject:";

    internal const int RateMax = 1_000_000;
    internal const int SourcesMax = 256;
    internal const int ProducersMax = 256;
    internal const int DescriptionLengthMax = 256;

    /// <summary>Names it.</summary>
    public required string Id { get; init; }

    /// <summary>Hash of its secret: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public required string Hash { get; init; }

    /// <summary>What it is for.</summary>
    public required AccessRole Role { get; init; }

    /// <summary>The sources that a feed key may write, as patterns (<c>*</c> any text, <c>?</c> one character). A feed key has at least one.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>The producers that a feed key may feed as, as patterns like those of <see cref="Sources"/>; null for any but the server's own.</summary>
    public IReadOnlyList<string>? Producers { get; init; }

    /// <summary>Whose it is, for people.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is not taken any more; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was revoked; null if it was not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Requests (on the feed: batches) a second, 1 to 1,000,000; null for any number.</summary>
    public int? Rate { get; init; }

    /// <summary>A client certificate that stands for the key: <c>sha256:</c> and its thumbprint, or <c>subject:</c> and its subject's name.</summary>
    public string? Certificate { get; init; }

    /// <summary>Whether it is taken at a time, and if not, why: <c>valid</c>, <c>expired</c> or <c>revoked</c>.</summary>
    public string StateAt(DateTimeOffset now) => Revoked is not null ? "revoked" : Expires <= now ? "expired" : "valid";

    /// <summary>What <see cref="Hash"/> is for a key.</summary>
    public static string HashText(ApiKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return HashPrefix + Convert.ToHexStringLower(key.Hash());
    }

    /// <summary>The hash's bytes.</summary>
    internal byte[] HashBytes() => Convert.FromHexString(Hash.AsSpan(HashPrefix.Length));

    /// <summary>One sentence that says which rule the record breaks; null if it keeps them all.</summary>
    internal string? Fault()
    {
        if (!ApiKey.IsId(Id))
        {
            return $"id is '{Id}'; it must be {ApiKey.IdLength} letters and digits";
        }

        var fault = !IsHex(Hash, HashPrefix) ? $"hash must be {HashPrefix} and {2 * SHA256.HashSizeInBytes} hexadecimal digits"
            : !Enum.IsDefined(Role) ? $"role is {(int)Role}; it must be feed, read or admin"
            : Rate is < 1 or > RateMax ? string.Create(CultureInfo.InvariantCulture, $"rate is {Rate}; it must be 1 to {RateMax}")
            : Description.Length > DescriptionLengthMax ? $"description has {Description.Length} characters; at most {DescriptionLengthMax} are allowed"
            : Certificate is not null && !IsHex(Certificate, ThumbprintPrefix) && !Certificate.StartsWith(SubjectPrefix, StringComparison.Ordinal)
                ? $"certificate is '{Certificate}'; it must be {ThumbprintPrefix} and {2 * SHA256.HashSizeInBytes} hexadecimal digits, or {SubjectPrefix} and a name"
            : SourcesFault() ?? ProducersFault();
        return fault is null ? null : $"key '{Id}': {fault}";
    }

    private string? SourcesFault()
    {
        if (Role == AccessRole.Feed && Sources.Count == 0)
        {
            return "a feed key must name the sources that it may write; '*' is all";
        }

        if (Role != AccessRole.Feed && Sources.Count > 0)
        {
            return $"sources are for feed keys; a key of the role {Role.ToString().ToLowerInvariant()} has none";
        }

        if (Sources.Count > SourcesMax)
        {
            return $"it has {Sources.Count} sources; at most {SourcesMax} are allowed";
        }

        return Sources.Select(s => NamePattern.Fault("source", s)).FirstOrDefault(f => f is not null);
    }

    private string? ProducersFault() => Producers is null ? null
        : Role != AccessRole.Feed ? $"producers are for feed keys; a key of the role {Role.ToString().ToLowerInvariant()} has none"
        : Producers.Count is 0 or > ProducersMax ? $"it has {Producers.Count} producers; it must be 1 to {ProducersMax}, or none named for any"
        : Producers.Select(p => NamePattern.Fault("producer", p)).FirstOrDefault(f => f is not null);

    private static bool IsHex(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal)
        && text.Length == prefix.Length + (2 * SHA256.HashSizeInBytes)
        && text.AsSpan(prefix.Length).IndexOfAnyExcept(HexDigits) < 0;

    private static readonly System.Buffers.SearchValues<char> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF");
}

/// <summary>What the key file holds.</summary>
internal sealed record KeyFileContent
{
    public required int Version { get; init; }

    public required IReadOnlyList<KeyRecord> Keys { get; init; }
}

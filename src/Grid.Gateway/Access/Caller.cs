using Grid.Domain;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Access;

/// <summary>Who asks, and what that one may do: the holder of a key, or anyone where no keys are asked for.</summary>
internal sealed class Caller
{
    private static readonly string[] All = ["*"];

    private Caller(string keyId, AccessRole role, IReadOnlyList<string> sources, IReadOnlyList<string> producers)
    {
        KeyId = keyId;
        Role = role;
        Sources = sources;
        Producers = producers;
        MayWriteAll = sources.Contains("*");
    }

    /// <summary>The caller of a server that asks for no keys, who may do everything.</summary>
    public static Caller Anyone { get; } = new("anyone", AccessRole.Admin, All, All);

    /// <summary>The key's id, for logs; <c>anyone</c> where there are no keys.</summary>
    public string KeyId { get; }

    /// <summary>What the key is for.</summary>
    public AccessRole Role { get; }

    /// <summary>The sources that it may write, as patterns.</summary>
    public IReadOnlyList<string> Sources { get; }

    /// <summary>The producers that it may feed as, as patterns.</summary>
    public IReadOnlyList<string> Producers { get; }

    /// <summary>True if it may write every source.</summary>
    public bool MayWriteAll { get; }

    public static Caller Of(KeyRecord key) => new(key.Id, key.Role, key.Role == AccessRole.Admin ? All : key.Sources, key.Producers ?? All);

    /// <summary>The caller of a request that was let in.</summary>
    public static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anyone;

    /// <summary>True if it may do what needs a role.</summary>
    public bool May(AccessRole role) => Role == role || Role == AccessRole.Admin;

    /// <summary>True if it may send events of a source.</summary>
    public bool MayWrite(ReadOnlySpan<char> source) => Fits(Sources, source);

    /// <summary>One sentence that says why it may not.</summary>
    public string MayNotWrite(string source) => Role == AccessRole.Read
        ? $"key '{KeyId}' is for reading and may not write source '{source}'"
        : $"key '{KeyId}' may not write source '{source}'; it may write {string.Join(", ", Sources)}";

    /// <summary>Throws if it may not feed under a producer's name.</summary>
    /// <exception cref="GridException">Forbidden: the message names key, producer and what is allowed.</exception>
    public void RequireProducer(string producer)
    {
        if (!Fits(Producers, producer))
        {
            throw new GridException(GridErrorCode.Forbidden, $"key '{KeyId}' may not feed as producer '{producer}'; it may as {string.Join(", ", Producers)}");
        }
    }

    /// <summary>True if the other may do the same.</summary>
    public bool IsAs(Caller other) => Role == other.Role && Sources.SequenceEqual(other.Sources) && Producers.SequenceEqual(other.Producers);

    private static bool Fits(IReadOnlyList<string> patterns, ReadOnlySpan<char> name)
    {
        foreach (var pattern in patterns)
        {
            if (NamePattern.Matches(pattern, name))
            {
                return true;
            }
        }

        return false;
    }
}

using System.Security.Cryptography;
using System.Text;
using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>Whether a text has the form of a key.</summary>
internal enum ApiKeyForm
{
    /// <summary>It has, and its checksum fits.</summary>
    Whole,

    /// <summary>It is something else.</summary>
    NoKey,

    /// <summary>It is a key in which something was mistyped or left out.</summary>
    Mistyped,
}

/// <summary>
/// A key as its holder has it. It exists in two places, here for a moment and with its holder: the key file has a hash of
/// the secret, and <see cref="ToString"/> leaves it out.
/// </summary>
/// <remarks>
/// <code>grid_ id*8 _ secret*43 checksum*6</code>
/// All of it letters and digits. The secret has 256 random bits. The checksum (CRC-32C of what stands before it) tells a
/// mistyped key from a wrong one, and lets scanners find keys where they do not belong.
/// </remarks>
public sealed class ApiKey
{
    /// <summary>Characters of a whole key.</summary>
    public const int Length = ChecksumAt + ChecksumLength;

    /// <summary>What every key begins with.</summary>
    public const string Prefix = "grid_";

    internal const int IdLength = 8;

    // 43 of 62 possible characters each: 256.03 bits.
    private const int SecretLength = 43;
    private const int ChecksumLength = 6;
    private const int SecretAt = 5 + IdLength + 1;
    private const int ChecksumAt = SecretAt + SecretLength;
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private ApiKey(string id, string text)
    {
        Id = id;
        Text = text;
    }

    /// <summary>Names the key where it is listed and logged; no secret.</summary>
    public string Id { get; }

    /// <summary>The whole key, secret and all.</summary>
    public string Text { get; }

    /// <summary>A new key of random id and secret.</summary>
    public static ApiKey Create()
    {
        var id = RandomNumberGenerator.GetString(Digits, IdLength);
        var secret = RandomNumberGenerator.GetString(Digits, SecretLength);
        Span<char> checksum = stackalloc char[ChecksumLength];
        var body = $"{Prefix}{id}_{secret}";
        WriteChecksum(body, checksum);
        return new ApiKey(id, body + checksum.ToString());
    }

    /// <summary>What the key file keeps of the secret.</summary>
    /// <remarks>
    /// SHA-256 and no slow hash: a secret of 256 random bits cannot be guessed from its hash however fast the hash is, and
    /// a slow one would be a cost that every request pays and that any stranger can make the server pay.
    /// </remarks>
    public byte[] Hash()
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        HashSecret(Text.AsSpan(SecretAt, SecretLength), hash);
        return hash;
    }

    /// <summary>The key without its secret.</summary>
    public override string ToString() => $"{Prefix}{Id}_…";

    /// <summary>Takes a text apart, without allocation.</summary>
    internal static ApiKeyForm Read(ReadOnlySpan<char> text, out ReadOnlySpan<char> id, out ReadOnlySpan<char> secret)
    {
        id = default;
        secret = default;
        if (!text.StartsWith(Prefix))
        {
            return ApiKeyForm.NoKey;
        }

        if (text.Length != Length || text[SecretAt - 1] != '_')
        {
            return ApiKeyForm.Mistyped;
        }

        Span<char> checksum = stackalloc char[ChecksumLength];
        if (!Ascii.IsValid(text))
        {
            return ApiKeyForm.Mistyped;
        }

        WriteChecksum(text[..ChecksumAt], checksum);
        if (!text[ChecksumAt..].SequenceEqual(checksum))
        {
            return ApiKeyForm.Mistyped;
        }

        id = text.Slice(Prefix.Length, IdLength);
        secret = text.Slice(SecretAt, SecretLength);
        return ApiKeyForm.Whole;
    }

    /// <summary>Hashes the secret of a whole key.</summary>
    internal static void HashSecret(ReadOnlySpan<char> secret, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[SecretLength];
        Encoding.ASCII.GetBytes(secret, bytes);
        SHA256.HashData(bytes, hash);
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>True if a text can be an id.</summary>
    internal static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiLetterOrDigit);

    private static void WriteChecksum(ReadOnlySpan<char> body, Span<char> checksum)
    {
        Span<byte> bytes = stackalloc byte[ChecksumAt];
        Encoding.ASCII.GetBytes(body, bytes);
        var rest = Crc32C.Compute(bytes);
        for (var i = checksum.Length - 1; i >= 0; i--)
        {
            checksum[i] = Digits[(int)(rest % (uint)Digits.Length)];
            rest /= (uint)Digits.Length;
        }
    }
}

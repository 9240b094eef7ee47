using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grid.Gateway.Access;

/// <summary>One key as requests are compared with it.</summary>
internal sealed class KeyEntry(KeyRecord record, TokenBucket? bucket)
{
    public KeyRecord Record => record;

    public byte[] Hash { get; } = record.HashBytes();

    public Caller Caller { get; } = Caller.Of(record);

    /// <summary>Null if the key's rate is not limited.</summary>
    public TokenBucket? Bucket => bucket;

    /// <summary>Whether it is taken now.</summary>
    public AccessAnswer StateAt(DateTimeOffset now) =>
        record.Revoked is not null ? AccessAnswer.Revoked : record.Expires <= now ? AccessAnswer.Expired : AccessAnswer.Admitted;
}

/// <summary>All keys of one moment; never changes.</summary>
internal sealed class KeyTable
{
    private static readonly byte[] NoHash = new byte[SHA256.HashSizeInBytes];

    private readonly Dictionary<string, KeyEntry> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeyEntry>.AlternateLookup<ReadOnlySpan<char>> _byIdText;
    private readonly Dictionary<string, KeyEntry> _byThumbprint = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, KeyEntry> _bySubject = new(StringComparer.Ordinal);

    /// <summary>A table of keys. What a key has used of its rate is taken over from the table before.</summary>
    public KeyTable(IReadOnlyList<KeyRecord> keys, KeyTable? before, TimeProvider time)
    {
        foreach (var key in keys)
        {
            var old = before?.Find(key.Id);
            var bucket = key.Rate is not { } rate ? null
                : old?.Record.Rate == rate ? old.Bucket
                : TokenBucket.PerSecond(time, rate);
            var entry = new KeyEntry(key, bucket);
            _byId.Add(key.Id, entry);
            if (key.Certificate is { } certificate)
            {
                var isSubject = certificate.StartsWith(KeyRecord.SubjectPrefix, StringComparison.Ordinal);
                (isSubject ? _bySubject : _byThumbprint).Add(certificate, entry);
            }
        }

        _byIdText = _byId.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IReadOnlyCollection<KeyEntry> Keys => _byId.Values;

    public KeyEntry? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>
    /// Finds the key that a text is, whatever its state. An unknown id takes the same time as a wrong secret: the secret is
    /// hashed and compared either way.
    /// </summary>
    public AccessAnswer Find(ReadOnlySpan<char> text, out KeyEntry? entry)
    {
        entry = null;
        if (text.IsEmpty)
        {
            return AccessAnswer.NoKey;
        }

        var form = ApiKey.Read(text, out var id, out var secret);
        if (form != ApiKeyForm.Whole)
        {
            return form == ApiKeyForm.Mistyped ? AccessAnswer.Mistyped : AccessAnswer.NotAKey;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        ApiKey.HashSecret(secret, hash);
        _byIdText.TryGetValue(id, out var found);
        if (!CryptographicOperations.FixedTimeEquals(hash, found?.Hash ?? NoHash) || found is null)
        {
            return AccessAnswer.Unknown;
        }

        entry = found;
        return AccessAnswer.Admitted;
    }

    /// <summary>Finds the key that a certificate stands for; by its subject only if an authority vouches for that.</summary>
    public KeyEntry? Find(X509Certificate2 certificate, bool isVouchedFor) =>
        _byThumbprint.GetValueOrDefault(KeyRecord.ThumbprintPrefix + certificate.GetCertHashString(HashAlgorithmName.SHA256))
        ?? (isVouchedFor ? _bySubject.GetValueOrDefault(KeyRecord.SubjectPrefix + certificate.Subject) : null);
}

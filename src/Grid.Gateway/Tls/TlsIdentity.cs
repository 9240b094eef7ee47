using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grid.Gateway.Access;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Tls;

/// <summary>
/// A server's certificate, read again when its files change. Handshakes take the newest that could be read; connections
/// that are open keep theirs.
/// </summary>
internal sealed partial class TlsIdentity : IDisposable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly string _component;
    private readonly ITimer _poll;

    // One poll at a time; guards _stamps.
    private readonly Lock _polling = new();
    private (FileStamp, FileStamp, FileStamp) _stamps;

    private volatile Loaded _loaded;

    private TlsIdentity(string component, TlsOptions options, TimeProvider time, ILogger log)
    {
        _component = component;
        _options = options;
        _time = time;
        _log = log;
        _stamps = Stamps();
        _loaded = Load();
        Told(log, component, _loaded.Certificate.Subject, _loaded.Certificate.NotAfter.ToUniversalTime(), _loaded.Certificate.Thumbprint);
        _poll = time.CreateTimer(static i => ((TlsIdentity)i!).Poll(), this, options.PollInterval, options.PollInterval);
    }

    /// <summary>Whether clients show certificates.</summary>
    public ClientCertificateMode ClientCertificate => _options.ClientCertificate;

    /// <summary>True if a client's certificate that passed the handshake was signed by an authority of the options.</summary>
    public bool IsVouchedFor => _options.ClientCaFile is not null;

    /// <summary>Reads the files.</summary>
    /// <exception cref="IOException">They cannot be read, or are no certificate and its key.</exception>
    public static TlsIdentity Open(string component, TlsOptions options, TimeProvider time, ILogger log) => new(component, options, time, log);

    /// <summary>What a handshake needs; of its own, as the caller may add to it.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificateContext = _loaded.Context,
        ClientCertificateRequired = _options.ClientCertificate != ClientCertificateMode.None,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        AllowRenegotiation = false,
        RemoteCertificateValidationCallback = _options.ClientCertificate == ClientCertificateMode.None ? null : IsWelcome,
    };

    public void Dispose() => _poll.Dispose();

    private bool IsWelcome(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return _options.ClientCertificate == ClientCertificateMode.Allow;
        }

        var now = _time.GetUtcNow().UtcDateTime;
        if (now < shown.NotBefore.ToUniversalTime() || now > shown.NotAfter.ToUniversalTime())
        {
            return false;
        }

        if (_loaded.ClientAuthorities is not { } authorities)
        {
            // The handshake proves that the client has the private key; whose it is, keys say by thumbprint.
            return true;
        }

        using var path = new X509Chain();
        path.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        path.ChainPolicy.CustomTrustStore.AddRange(authorities);
        path.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        path.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        path.ChainPolicy.DisableCertificateDownloads = true;
        path.ChainPolicy.VerificationTime = now;
        path.ChainPolicy.VerificationTimeIgnored = false;
        if (chain is not null)
        {
            path.ChainPolicy.ExtraStore.AddRange(chain.ChainPolicy.ExtraStore);
        }

        return path.Build(shown);
    }

    private void Poll()
    {
        lock (_polling)
        {
            var stamps = Stamps();
            if (stamps == _stamps)
            {
                return;
            }

            // Also after a failure: of two files that are replaced one after the other, the second makes another change.
            _stamps = stamps;
            try
            {
                _loaded = Load();
                Told(_log, _component, _loaded.Certificate.Subject, _loaded.Certificate.NotAfter.ToUniversalTime(), _loaded.Certificate.Thumbprint);
            }
            catch (IOException e)
            {
                Kept(_log, _component, e.Message);
            }
        }
    }

    private (FileStamp, FileStamp, FileStamp) Stamps() => (
        FileStamp.Of(_options.CertificateFile),
        _options.KeyFile is { } key ? FileStamp.Of(key) : default,
        _options.ClientCaFile is { } authorities ? FileStamp.Of(authorities) : default);

    private Loaded Load()
    {
        var file = _options.CertificateFile;
        try
        {
            var (certificate, others) = IsPem(file) ? LoadPem() : LoadPfx();
            if (!certificate.HasPrivateKey)
            {
                throw new CryptographicException("it comes without its private key");
            }

            var context = SslStreamCertificateContext.Create(certificate, others, offline: true);
            file = _options.ClientCaFile ?? file;
            return new Loaded(certificate, context, LoadAuthorities());
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"{_component}: the certificate '{file}' cannot be used: {e.Message}", e);
        }
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Others) LoadPem()
    {
        var certificate = _options.Password is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(_options.CertificateFile, password, _options.KeyFile)
            : X509Certificate2.CreateFromPemFile(_options.CertificateFile, _options.KeyFile);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(_options.CertificateFile);
        if (OperatingSystem.IsWindows())
        {
            // The system's TLS does not take keys that exist in memory only.
            certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
        }

        return (certificate, [.. all.Skip(1)]);
    }

    private (X509Certificate2 Certificate, X509Certificate2Collection Others) LoadPfx()
    {
        var all = X509CertificateLoader.LoadPkcs12CollectionFromFile(_options.CertificateFile, _options.Password);
        var certificate = all.FirstOrDefault(c => c.HasPrivateKey) ?? throw new CryptographicException("it holds no private key");
        return (certificate, [.. all.Where(c => c != certificate)]);
    }

    private X509Certificate2Collection? LoadAuthorities()
    {
        if (_options.ClientCaFile is not { } file)
        {
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
    }

    private static bool IsPem(string file)
    {
        using var stream = File.OpenRead(file);

        // The other format is DER, which begins with a sequence.
        return stream.ReadByte() != 0x30;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Component} shows the certificate {Subject}, valid to {ValidTo:O}, thumbprint {Thumbprint}")]
    private static partial void Told(ILogger log, string component, string subject, DateTime validTo, string thumbprint);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Component} keeps its certificate: {Reason}")]
    private static partial void Kept(ILogger log, string component, string reason);

    private sealed record Loaded(X509Certificate2 Certificate, SslStreamCertificateContext Context, X509Certificate2Collection? ClientAuthorities);
}

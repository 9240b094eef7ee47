using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grid.Client.Tls;

/// <summary>How a client speaks TLS: whom it trusts, and the certificate that it shows.</summary>
public sealed class ClientTlsOptions
{
    /// <summary>The authorities to trust, as PEM; null, the default, for those of the machine.</summary>
    public string? CaFile { get; set; }

    /// <summary>The client's own certificate, as PEM; null, the default, for none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>Its private key, as PEM; null, the default, if <see cref="CertificateFile"/> holds it too.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The name that the server's certificate must have; null, the default, for the host that is connected to.</summary>
    public string? ServerName { get; set; }

    /// <summary>What a handshake needs.</summary>
    /// <param name="host">The host that is connected to.</param>
    /// <exception cref="IOException">A file cannot be read or is no certificate.</exception>
    public SslClientAuthenticationOptions ToAuthentication(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = ServerName ?? host };
        if (CaFile is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Load(CaFile, LoadAuthorities));
        }

        if (CertificateFile is not null)
        {
            options.ClientCertificates = [Load(CertificateFile, file => X509Certificate2.CreateFromPemFile(file, KeyFile))];
        }

        return options;
    }

    private static X509Certificate2Collection LoadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
    }

    private static T Load<T>(string file, Func<string, T> load)
    {
        try
        {
            return load(file);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the certificate '{file}' cannot be used: {e.Message}", e);
        }
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Grid.Testing;

/// <summary>A certificate authority of one test, which writes what it makes as PEM files into a folder.</summary>
public sealed class TestAuthority
{
    private readonly string _folder;
    private readonly X509Certificate2 _root;
    private int _serial;

    /// <summary>An authority whose certificate is in the folder's file <c>NAME.pem</c>.</summary>
    public TestAuthority(string folder, string name = "ca")
    {
        _folder = folder;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _root = request.CreateSelfSigned(From, To);
        CaFile = Write(name, _root.ExportCertificatePem());
    }

    /// <summary>The authority's certificate.</summary>
    public string CaFile { get; }

    private static DateTimeOffset From => new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static DateTimeOffset To => new(2049, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Makes a certificate for 127.0.0.1 and localhost, good for servers and clients, into one file together with its key.</summary>
    /// <returns>The file, and the SHA-256 thumbprint.</returns>
    public (string File, string Thumbprint) Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.Create(_root, From, To, [1, (byte)++_serial]);
        return (
            Write(name, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem() + "\n"),
            certificate.GetCertHashString(HashAlgorithmName.SHA256));
    }

    private string Write(string name, string pem)
    {
        var path = Path.Combine(_folder, name + ".pem");
        File.WriteAllText(path, pem);
        return path;
    }
}

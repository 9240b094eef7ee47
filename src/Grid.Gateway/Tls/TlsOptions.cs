namespace Grid.Gateway.Tls;

/// <summary>Whether clients show a certificate of their own.</summary>
public enum ClientCertificateMode
{
    /// <summary>They are not asked for one.</summary>
    None,

    /// <summary>One that stands for a key takes the key's place; who has none brings the key.</summary>
    Allow,

    /// <summary>One that stands for a key is needed.</summary>
    Require,
}

/// <summary>TLS of a port: certificate and key from files, which are read again when they change.</summary>
public sealed class TlsOptions
{
    /// <summary>The certificate, with those of the authorities between it and the root behind it: PEM, or PFX with its key. Must be given.</summary>
    public string CertificateFile { get; set; } = string.Empty;

    /// <summary>Its private key as PEM; null, the default, if <see cref="CertificateFile"/> holds it too.</summary>
    public string? KeyFile { get; set; }

    /// <summary>Password of the private key; null, the default, if it has none.</summary>
    public string? Password { get; set; }

    /// <summary>Time between looks at the files; 100 ms to 1 hour, 5 s by default.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether clients show a certificate; none by default.</summary>
    public ClientCertificateMode ClientCertificate { get; set; } = ClientCertificateMode.None;

    /// <summary>The authorities, as PEM, one of which must have signed a client's certificate; null, the default, if keys name certificates by thumbprint.</summary>
    public string? ClientCaFile { get; set; }

    internal void Check(OptionFaults faults)
    {
        if (CertificateFile.Length == 0)
        {
            faults.Add("option Tls:CertificateFile is missing; it must be a file with a certificate.");
        }

        faults.CheckRange("Tls:PollInterval", PollInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
        if (!Enum.IsDefined(ClientCertificate))
        {
            faults.Add($"option Tls:ClientCertificate is {ClientCertificate}; it must be None, Allow or Require.");
        }

        if (ClientCaFile is not null && ClientCertificate == ClientCertificateMode.None)
        {
            faults.Add("option Tls:ClientCaFile is given, but Tls:ClientCertificate is None, so that no client is asked for a certificate.");
        }
    }
}

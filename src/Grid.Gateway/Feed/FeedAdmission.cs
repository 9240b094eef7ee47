using System.Text;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Access;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Feed;

/// <summary>Lets one connection in, by the key that it brings before all else or by its client certificate. Used by the connection's reader alone.</summary>
/// <param name="gatekeeper">Decides.</param>
/// <param name="transport">The connection.</param>
/// <param name="action">What is asked for, for the log.</param>
/// <param name="howTo">How a key is brought, for who brought none.</param>
internal sealed class FeedAdmission(Gatekeeper gatekeeper, FeedTransport transport, string action, string howTo)
{
    private Caller? _byKey;

    /// <summary>True once a key was brought, if only to a server that asks for none.</summary>
    public bool HasKey { get; private set; }

    /// <summary>Takes a key's text.</summary>
    /// <exception cref="GridException">The key is refused.</exception>
    public void Authenticate(ReadOnlySpan<byte> payload)
    {
        HasKey = true;
        if (!gatekeeper.AsksForKeys)
        {
            return;
        }

        Span<char> text = stackalloc char[AuthenticateFrame.PayloadBytesMax + 1];
        var length = Encoding.Latin1.GetChars(payload[..Math.Min(payload.Length, text.Length)], text);
        var answer = gatekeeper.AdmitConnection(text[..length], AccessRole.Feed, out var caller);
        _byKey = answer == AccessAnswer.Admitted ? caller : throw Refuse(answer, caller);
    }

    /// <summary>Says who it is, for as long as that one may go on.</summary>
    /// <exception cref="GridException">Nobody who may.</exception>
    public AccessLease Enter() => TryEnter() ?? throw Refuse(AccessAnswer.NoKey, Caller.Anyone);

    /// <summary>As <see cref="Enter"/>, but null for who has not shown yet that he may.</summary>
    /// <exception cref="GridException">One who may not.</exception>
    public AccessLease? TryEnter()
    {
        if (!gatekeeper.AsksForKeys)
        {
            return gatekeeper.Lease(Caller.Anyone);
        }

        var byCertificate = OfCertificate();
        if (byCertificate is not null && _byKey is not null && byCertificate.KeyId != _byKey.KeyId)
        {
            throw Refuse(AccessAnswer.WrongRole, byCertificate, $"the client's certificate stands for key '{byCertificate.KeyId}', but key '{_byKey.KeyId}' was brought");
        }

        return (byCertificate ?? _byKey) is { } caller ? gatekeeper.Lease(caller) : null;
    }

    private Caller? OfCertificate()
    {
        if (transport.Identity is not { } identity || transport.ClientCertificate is not { } certificate)
        {
            return null;
        }

        var answer = gatekeeper.AdmitConnection(certificate, identity.IsVouchedFor, AccessRole.Feed, out var caller);
        if (answer == AccessAnswer.Admitted)
        {
            return caller;
        }

        // One that stands for no key does no harm where a key is brought as well.
        if (answer == AccessAnswer.Unknown && identity.ClientCertificate != ClientCertificateMode.Require)
        {
            return null;
        }

        throw answer == AccessAnswer.Unknown
            ? Refuse(answer, caller, $"no key stands for the client's certificate '{certificate.Subject}'")
            : Refuse(answer, caller);
    }

    private GridException Refuse(AccessAnswer answer, Caller caller, string? message = null)
    {
        var refusal = gatekeeper.Refuse(answer, caller, AccessRole.Feed, transport.Peer, action, howTo);
        return new GridException(refusal.Code, message ?? refusal.Message);
    }
}

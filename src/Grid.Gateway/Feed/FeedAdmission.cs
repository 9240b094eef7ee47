using System.Text;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Access;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Feed;

/// <summary>Lets one connection in, by the key that it brings before Hello or by its client certificate. Used by the connection's reader alone.</summary>
internal sealed class FeedAdmission(Gatekeeper gatekeeper, FeedTransport transport)
{
    private const string Action = "feed";
    private const string HowTo = "an Authenticate frame before Hello brings it (option ApiKey of the client, --key of 'grid feed')";

    private bool _broughtKey;
    private Caller? _byKey;

    /// <summary>Takes the payload of an Authenticate frame.</summary>
    /// <exception cref="GridException">The key is refused, or came before.</exception>
    public void Authenticate(ReadOnlySpan<byte> payload, FeedPlace place)
    {
        if (_broughtKey)
        {
            throw new GridException(GridErrorCode.Malformed, $"{place}: Authenticate came again; it comes once, before Hello");
        }

        _broughtKey = true;
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
    public AccessLease Enter()
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

        return gatekeeper.Lease(byCertificate ?? _byKey ?? throw Refuse(AccessAnswer.NoKey, Caller.Anyone));
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
        var refusal = gatekeeper.Refuse(answer, caller, AccessRole.Feed, transport.Peer, Action, HowTo);
        return new GridException(refusal.Code, message ?? refusal.Message);
    }
}

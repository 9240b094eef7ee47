using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Grid.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Access;

/// <summary>Decides for every port who is let in. One for all listeners of a server.</summary>
public sealed class Gatekeeper : IDisposable
{
    private readonly KeyRing _ring;
    private readonly FailedAttempts _failures;
    private readonly TimeProvider _time;

    private Gatekeeper(AccessOptions options, string? keyFile, TimeProvider time, ILoggerFactory logs)
    {
        _time = time;
        Audit = new AuditLog(logs, time);
        _ring = new KeyRing(keyFile, options.PollInterval, time, Audit);
        _failures = new FailedAttempts(time, options.FailuresPerMinuteMax, options.FailingAddressesMax);
    }

    /// <summary>True if there are keys, so that one is asked for; where it is false, only loopback is listened on.</summary>
    public bool AsksForKeys => _ring.AsksForKeys;

    internal AuditLog Audit { get; }

    /// <summary>Reads the key file and watches it.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="IOException">The key file is damaged or cannot be read, or others can read it.</exception>
    public static Gatekeeper Start(AccessOptions options, TimeProvider time, ILoggerFactory logs)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        options.Validate();
        return new Gatekeeper(options, options.KeyFile, time, logs);
    }

    /// <summary>One that asks nobody for a key, and so serves loopback only.</summary>
    public static Gatekeeper WithoutKeys(TimeProvider time, ILoggerFactory? logs = null) => new(new AccessOptions(), null, time, logs ?? NullLoggerFactory.Instance);

    /// <summary>Stops watching the key file.</summary>
    public void Dispose() => _ring.Dispose();

    /// <summary>Says whether who brings a text may do what needs a role. Takes one from the key's rate. Allocates nothing.</summary>
    internal AccessAnswer Admit(ReadOnlySpan<char> text, AccessRole role, out Caller caller)
    {
        var answer = _ring.Table.Find(text, out var entry);
        return Admit(answer, entry, role, takesRate: true, out caller);
    }

    /// <summary>As <see cref="Admit(ReadOnlySpan{char}, AccessRole, out Caller)"/>, but for a connection that pays for each batch instead.</summary>
    internal AccessAnswer AdmitConnection(ReadOnlySpan<char> text, AccessRole role, out Caller caller)
    {
        var answer = _ring.Table.Find(text, out var entry);
        return Admit(answer, entry, role, takesRate: false, out caller);
    }

    /// <summary>Says whether the holder of a client certificate may do what needs a role; no key stands for it: <see cref="AccessAnswer.Unknown"/>.</summary>
    internal AccessAnswer AdmitConnection(X509Certificate2 certificate, bool isVouchedFor, AccessRole role, out Caller caller)
    {
        var entry = _ring.Table.Find(certificate, isVouchedFor);
        return Admit(entry is null ? AccessAnswer.Unknown : AccessAnswer.Admitted, entry, role, takesRate: false, out caller);
    }

    /// <summary>As <see cref="AdmitConnection(X509Certificate2, bool, AccessRole, out Caller)"/>, but takes one from the key's rate.</summary>
    internal AccessAnswer AdmitRequest(X509Certificate2 certificate, bool isVouchedFor, AccessRole role, out Caller caller)
    {
        var entry = _ring.Table.Find(certificate, isVouchedFor);
        return Admit(entry is null ? AccessAnswer.Unknown : AccessAnswer.Admitted, entry, role, takesRate: true, out caller);
    }

    /// <summary>The right of an admitted caller to go on with something that lasts.</summary>
    internal AccessLease Lease(Caller caller) => _ring.Lease(caller);

    /// <summary>The right of whoever was let in with a subscription to go on with it.</summary>
    internal static AccessLease LeaseOf(HttpContext context) =>
        context.Features.Get<Gatekeeper>()?.Lease(Caller.Of(context)) ?? new AccessLease(Caller.Anyone, static _ => { });

    /// <summary>The rate of a caller's key; null if it has none. Looked up each time, as it may be changed.</summary>
    internal TokenBucket? RateOf(Caller caller) => _ring.Table.Find(caller.KeyId)?.Bucket;

    /// <summary>Notes a refusal, in the log and against the address, and says what the client is told.</summary>
    /// <param name="answer">Why.</param>
    /// <param name="caller">Whose key it is, if its secret was right.</param>
    /// <param name="role">What was needed.</param>
    /// <param name="peer">Where it came from.</param>
    /// <param name="action">What was asked for, for the log; no secret.</param>
    /// <param name="howTo">How a key is brought there, for who brought none.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal AccessRefusal Refuse(AccessAnswer answer, Caller caller, AccessRole role, IPEndPoint? peer, string action, string howTo)
    {
        var wait = TimeSpan.Zero;
        var isGuess = answer is AccessAnswer.NotAKey or AccessAnswer.Mistyped or AccessAnswer.Unknown;
        if (isGuess && _failures.IsOneTooMany(peer?.Address, out wait))
        {
            return new AccessRefusal(GridErrorCode.RateLimited, $"too many wrong keys came from {peer!.Address}", wait);
        }

        if (answer == AccessAnswer.TooFast)
        {
            RateOf(caller)?.TryTake(out wait);
        }

        Audit.Refused(caller == Caller.Anyone ? "none" : caller.KeyId, peer?.ToString() ?? "unknown", action, answer);
        var (code, message) = answer switch
        {
            AccessAnswer.NoKey => (GridErrorCode.Unauthorized, $"this server asks for a key; {howTo}"),
            AccessAnswer.NotAKey => (GridErrorCode.Unauthorized, $"what was given is no key: a key begins with {ApiKey.Prefix} and has {ApiKey.Length} characters"),
            AccessAnswer.Mistyped => (GridErrorCode.Unauthorized, "the key is mistyped: its checksum does not fit, so a character is wrong, missing or too many"),
            AccessAnswer.Revoked => (GridErrorCode.Unauthorized, $"key '{caller.KeyId}' was revoked"),
            AccessAnswer.Expired => (GridErrorCode.Unauthorized, $"key '{caller.KeyId}' expired"),
            AccessAnswer.WrongRole => (GridErrorCode.Forbidden, $"key '{caller.KeyId}' has the role {Name(caller.Role)}; this needs the role {Name(role)}"),
            AccessAnswer.TooFast => (GridErrorCode.RateLimited, $"key '{caller.KeyId}' has used up its rate for now"),
            _ => (GridErrorCode.Unauthorized, "the key is not known here"),
        };
        return new AccessRefusal(code, message, wait);
    }

    private AccessAnswer Admit(AccessAnswer answer, KeyEntry? entry, AccessRole role, bool takesRate, out Caller caller)
    {
        caller = entry?.Caller ?? Caller.Anyone;
        if (entry is null)
        {
            return answer;
        }

        answer = entry.StateAt(_time.GetUtcNow());
        if (answer != AccessAnswer.Admitted)
        {
            return answer;
        }

        if (!entry.Caller.May(role))
        {
            return AccessAnswer.WrongRole;
        }

        return takesRate && entry.Bucket is { } bucket && !bucket.TryTake(out _) ? AccessAnswer.TooFast : AccessAnswer.Admitted;
    }

    private static string Name(AccessRole role) => role.ToString().ToLowerInvariant();
}

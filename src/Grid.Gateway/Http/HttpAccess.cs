using System.Net;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Tls;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Grid.Gateway.Http;

/// <summary>
/// Asks every request for the key that its route needs, before anything else sees it. Of a request that is let in,
/// <see cref="Caller.Of(HttpContext)"/> says whose it is. What only an admin may do is written to the audit log.
/// </summary>
internal sealed class HttpAccess(Gatekeeper gatekeeper, TlsIdentity? identity = null)
{
    public Task AnswerAsync(RequestDelegate next, HttpContext context)
    {
        var request = context.Request;
        var need = RouteRoles.Of(request.Method, request.Path.Value!);
        if (need.IsOpen)
        {
            return next(context);
        }

        if (gatekeeper.AsksForKeys)
        {
            var answer = Admit(context, need.Role, out var caller);
            if (answer != AccessAnswer.Admitted)
            {
                return RefuseAsync(context, answer, caller, need.Role);
            }

            context.Features.Set(caller);

            // For Gatekeeper.LeaseOf: what lasts ends with its key.
            context.Features.Set(gatekeeper);
        }
        else if (request.Path.StartsWithSegments(RouteRoles.StreamPath, StringComparison.OrdinalIgnoreCase))
        {
            // What anyone began ends when there are keys.
            context.Features.Set(gatekeeper);
        }

        return need.Role == AccessRole.Admin ? AuditedAsync(next, context) : next(context);
    }

    private AccessAnswer Admit(HttpContext context, AccessRole role, out Caller caller)
    {
        Span<char> scratch = stackalloc char[RequestKey.ScratchLength];
        var key = RequestKey.Read(context.Request, scratch);
        return key.IsEmpty && identity is { ClientCertificate: not ClientCertificateMode.None }
            ? AdmitCertificate(context, role, out caller)
            : gatekeeper.Admit(key, role, out caller);
    }

    private AccessAnswer AdmitCertificate(HttpContext context, AccessRole role, out Caller caller)
    {
        caller = Caller.Anyone;
        return context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate
            ? gatekeeper.AdmitRequest(certificate, identity!.IsVouchedFor, role, out caller)
            : AccessAnswer.NoKey;
    }

    private Task RefuseAsync(HttpContext context, AccessAnswer answer, Caller caller, AccessRole role)
    {
        var refusal = gatekeeper.Refuse(answer, caller, role, Peer(context), Action(context), RequestKey.HowTo);
        return Problem.WriteAsync(context, GridError.HttpStatus(refusal.Code), refusal.Code.ToString(), refusal.Message, refusal.RetryAfter);
    }

    private async Task AuditedAsync(RequestDelegate next, HttpContext context)
    {
        var result = "failed";
        try
        {
            await next(context).ConfigureAwait(false);
            result = $"{context.Response.StatusCode}";
        }
        catch (GridException e)
        {
            result = e.Code.ToString();
            throw;
        }
        finally
        {
            gatekeeper.Audit.Did(Caller.Of(context).KeyId, Peer(context)?.ToString() ?? "unknown", Action(context), result);
        }
    }

    private static IPEndPoint? Peer(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address ? new IPEndPoint(address, context.Connection.RemotePort) : null;

    // The path as it came, escaped: it is the client's text, and it goes into a log. Arguments are left out.
    private static string Action(HttpContext context)
    {
        const int LengthMax = 256;
        var path = context.Request.Path.ToUriComponent();
        return $"{context.Request.Method} {(path.Length > LengthMax ? path[..LengthMax] + "…" : path)}";
    }
}

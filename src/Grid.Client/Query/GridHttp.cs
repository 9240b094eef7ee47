using System.Net.Http.Headers;
using Grid.Client.Tls;

namespace Grid.Client.Query;

/// <summary>Makes HTTP clients that bring a key and trust whom they are told to.</summary>
public static class GridHttp
{
    /// <summary>A client of the server at an address.</summary>
    /// <param name="address">With the scheme https for TLS.</param>
    /// <param name="apiKey">The key; null for none.</param>
    /// <param name="tls">Whom to trust; null for whom the machine does.</param>
    /// <exception cref="IOException">A file of <paramref name="tls"/> cannot be read or is no certificate.</exception>
    public static HttpClient Create(Uri address, string? apiKey, ClientTlsOptions? tls)
    {
        ArgumentNullException.ThrowIfNull(address);
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (tls is not null)
        {
            handler.SslOptions = tls.ToAuthentication(address.IdnHost);
        }

        var client = new HttpClient(handler, disposeHandler: true) { BaseAddress = address };
        if (apiKey is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        return client;
    }
}

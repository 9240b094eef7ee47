using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Client.Tls;
using Grid.Domain;

namespace Grid.Client.Query;

/// <summary>Sends requests and reads answers; whatever goes wrong is a <see cref="GridException"/> that names the server.</summary>
internal sealed class QueryConnection(Uri address, string? apiKey, ClientTlsOptions? tls) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http = GridHttp.Create(address, apiKey, tls);

    public Uri Address => _http.BaseAddress!;

    public TimeSpan Timeout
    {
        get => _http.Timeout;
        set => _http.Timeout = value;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>One answer that is an object.</summary>
    public async Task<T> GetAsync<T>(string path, IEnumerable<(string Name, string? Value)> arguments, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(path, arguments));
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        return await ReadAsync<T>(response, cancel).ConfigureAwait(false);
    }

    /// <summary>One answer that is a list.</summary>
    public async Task<RowPage<T>> GetPageAsync<T>(string path, IEnumerable<(string Name, string? Value)> arguments, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(path, arguments));
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        var rows = await ReadAsync<List<T>>(response, cancel).ConfigureAwait(false);
        return new RowPage<T>(rows, Header(response, "Grid-Next"), Header(response, "Grid-Complete") != "false", Header(response, "Grid-Amendment-Pending") == "true");
    }

    /// <summary>A list to its end, page by page. The next page is asked for when the rows of the one before were taken.</summary>
    public async IAsyncEnumerable<T> ListAsync<T>(string path, (string Name, string? Value)[] arguments, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            var page = await GetPageAsync<T>(path, [.. arguments, ("cursor", cursor)], cancel).ConfigureAwait(false);
            foreach (var row in page)
            {
                yield return row;
            }

            cursor = page.Next;
        }
        while (cursor is not null);
    }

    /// <summary>Sends a body of JSON and reads the answer.</summary>
    public async Task<T> PutAsync<T>(string path, JsonNode body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        return await ReadAsync<T>(response, cancel).ConfigureAwait(false);
    }

    /// <summary>Sends a request, and gives the answer when its head has come.</summary>
    /// <exception cref="GridException">The server refused or cannot be reached.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new GridException(GridErrorCode.Unreachable, $"the server {Address} cannot be reached: {(e.InnerException ?? e).Message}", e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new GridException(GridErrorCode.TimedOut, $"the server {Address} did not answer within {Timeout.TotalSeconds} s", e);
        }

        if (!response.IsSuccessStatusCode)
        {
            using (response)
            {
                throw await RefusalAsync(response, cancel).ConfigureAwait(false);
            }
        }

        return response;
    }

    /// <summary>A path with the arguments that have a value.</summary>
    public static string PathOf(string path, IEnumerable<(string Name, string? Value)> arguments)
    {
        var query = string.Join('&', arguments.Where(a => a.Value is not null).Select(a => $"{a.Name}={Uri.EscapeDataString(a.Value!)}"));
        return query.Length == 0 ? path : $"{path}?{query}";
    }

    private async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            return await JsonSerializer.DeserializeAsync<T>(body, Json, cancel).ConfigureAwait(false) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new GridException(GridErrorCode.Malformed, $"the server {Address} answered something else than was asked for: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new GridException(GridErrorCode.Unreachable, $"the answer of the server {Address} broke off: {e.Message}", e);
        }
    }

    private async Task<GridException> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json" && TryParse(text) is { } problem)
        {
            var code = Enum.TryParse<GridErrorCode>((string?)problem["code"], out var known) ? known : GridErrorCode.BadArgument;
            return new GridException(code, (string?)problem["detail"] ?? text);
        }

        // Not the answer of a grid: its status is all there is to say.
        return new GridException(GridErrorCode.Malformed, $"the server {Address} answered {(int)response.StatusCode} {response.ReasonPhrase}");
    }

    private static JsonObject? TryParse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}

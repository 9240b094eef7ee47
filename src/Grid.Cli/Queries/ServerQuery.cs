using System.Text;
using System.Text.Json;
using Grid.Client.Query;
using Grid.Client.Tls;

namespace Grid.Cli.Queries;

/// <summary>Asks a server over HTTP for rows to print, which are passed on as they come. What the server refuses, and a server that is not there, is a failure in one line.</summary>
internal sealed class ServerQuery : IDisposable
{
    /// <summary>The environment variable that says where the server is.</summary>
    public const string Variable = "GRID_HTTP";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;

    /// <param name="server">Where it is.</param>
    /// <param name="key">The key for a server that asks for one; null for none.</param>
    /// <param name="tls">Whom to trust; null for whom the machine does.</param>
    public ServerQuery(Uri server, string? key = null, ClientTlsOptions? tls = null)
    {
        _http = GridHttp.Create(server, key, tls);
        _http.Timeout = Timeout;
    }

    /// <summary>Asks, and gives the answer when its head has come.</summary>
    /// <exception cref="CommandFailure">The server refused or cannot be reached.</exception>
    public async Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancel)
    {
        HttpResponseMessage answer;
        try
        {
            answer = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailure($"the server {_http.BaseAddress} cannot be reached: {(e.InnerException ?? e).Message}", e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new CommandFailure($"the server {_http.BaseAddress} did not answer within {Timeout.TotalMinutes} minutes", e);
        }

        if (!answer.IsSuccessStatusCode)
        {
            using (answer)
            {
                throw new CommandFailure(await ReasonAsync(answer, cancel));
            }
        }

        return answer;
    }

    /// <summary>Asks, and gives the whole answer as JSON.</summary>
    /// <exception cref="CommandFailure">The server refused or cannot be reached.</exception>
    public async Task<JsonDocument> GetJsonAsync(string path, CancellationToken cancel)
    {
        using var answer = await GetAsync(path, cancel);
        try
        {
            return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
        }
        catch (JsonException e)
        {
            throw new CommandFailure($"the server {_http.BaseAddress} answered something that is no JSON: {e.Message}", e);
        }
    }

    /// <summary>A path with the arguments that have a value.</summary>
    public static string PathOf(string path, params ReadOnlySpan<(string Name, string? Value)> arguments)
    {
        var text = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in arguments)
        {
            if (value is not null)
            {
                text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return text.ToString();
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var body = await answer.Content.ReadAsStringAsync(cancel);
        try
        {
            using var problem = JsonDocument.Parse(body);
            if (problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail))
            {
                return detail.ToString();
            }
        }
        catch (JsonException)
        {
            // Not the answer of a grid: its status is all there is to say.
        }

        return $"the server {_http.BaseAddress} answered {(int)answer.StatusCode} {answer.ReasonPhrase}";
    }
}

using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grid.Client.Tls;
using Grid.Domain;
using Grid.Domain.Instruments;

namespace Grid.Client.Query;

/// <summary>Asks a grid over HTTP. Decimals come as exact text. What the server refuses is a <see cref="GridException"/> with its code.</summary>
public sealed class QueryClient : IDisposable
{
    /// <summary>Where a server listens that is not told another address.</summary>
    public static readonly Uri DefaultAddress = new("http://127.0.0.1:7400");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http;

    /// <summary>A client of the server at an address.</summary>
    /// <param name="address">With the scheme https for TLS.</param>
    /// <param name="apiKey">The key for a server that asks for one; null for none.</param>
    /// <param name="tls">Whom to trust; null for whom the machine does.</param>
    /// <exception cref="IOException">A file of <paramref name="tls"/> cannot be read or is no certificate.</exception>
    public QueryClient(Uri address, string? apiKey = null, ClientTlsOptions? tls = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        _http = GridHttp.Create(address, apiKey, tls);
    }

    /// <summary>The server's address.</summary>
    public Uri Address => _http.BaseAddress!;

    /// <summary>What is known now of some instruments, in the order asked for.</summary>
    public Task<IReadOnlyList<LatestRow>> GetLatestAsync(IEnumerable<string> symbols, CancellationToken cancel = default) =>
        GetAsync<LatestRow>("v1/latest", [("instruments", string.Join(',', symbols))], cancel);

    /// <summary>What is known now of the instruments whose symbols fit a pattern, in symbol order after one.</summary>
    public Task<IReadOnlyList<LatestRow>> FindLatestAsync(string pattern, string? after = null, int? limit = null, CancellationToken cancel = default) =>
        GetAsync<LatestRow>("v1/latest", [("pattern", pattern), ("after", after), ("limit", Text(limit))], cancel);

    /// <summary>Ticks of an instrument with from ≤ event time &lt; to, in event order.</summary>
    public Task<IReadOnlyList<TickRow>> GetTicksAsync(string symbol, string? from = null, string? to = null, int? limit = null, CancellationToken cancel = default) =>
        GetAsync<TickRow>($"v1/ticks/{Uri.EscapeDataString(symbol)}", [("from", from), ("to", to), ("limit", Text(limit))], cancel);

    /// <summary>Bars of an instrument whose start is in [from, to), oldest first.</summary>
    public Task<IReadOnlyList<BarRow>> GetBarsAsync(
        string symbol, string interval, string? from = null, string? to = null, int? limit = null, CancellationToken cancel = default) =>
        GetAsync<BarRow>($"v1/bars/{Uri.EscapeDataString(symbol)}", [("interval", interval), ("from", from), ("to", to), ("limit", Text(limit))], cancel);

    /// <summary>Quarantined events with an id greater than one, oldest first.</summary>
    public Task<IReadOnlyList<QuarantineRow>> GetQuarantineAsync(ulong after = 0, int? limit = null, CancellationToken cancel = default) =>
        GetAsync<QuarantineRow>("v1/quarantine", [("after", after.ToString(CultureInfo.InvariantCulture)), ("limit", Text(limit))], cancel);

    /// <summary>Open gaps of contiguous sequence domains.</summary>
    public Task<IReadOnlyList<GapRow>> GetGapsAsync(int? limit = null, CancellationToken cancel = default) =>
        GetAsync<GapRow>("v1/gaps", [("limit", Text(limit))], cancel);

    /// <summary>The sources and what they declared.</summary>
    public Task<IReadOnlyList<SourceRow>> GetSourcesAsync(CancellationToken cancel = default) => GetAsync<SourceRow>("v1/sources", [], cancel);

    /// <summary>The definition of an instrument that is valid now.</summary>
    public async Task<InstrumentRow> GetInstrumentAsync(string symbol, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"v1/instruments/{Uri.EscapeDataString(symbol)}");
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync<InstrumentRow>(Json, cancel).ConfigureAwait(false))!;
    }

    /// <summary>The server's counters and positions.</summary>
    public async Task<StatusRow> GetStatusAsync(CancellationToken cancel = default)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, "v1/status"), cancel).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync<StatusRow>(Json, cancel).ConfigureAwait(false))!;
    }

    /// <summary>Publishes definitions; returns when those that are well formed are durable.</summary>
    public async Task<DefinitionsResult> PutInstrumentsAsync(
        IEnumerable<KeyValuePair<string, InstrumentDefinition>> definitions, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        var items = new JsonArray([.. definitions.Select(d => ToJson(d.Key, d.Value))]);
        using var request = new HttpRequestMessage(HttpMethod.Put, "v1/instruments")
        {
            Content = new StringContent(items.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync<DefinitionsResult>(Json, cancel).ConfigureAwait(false))!;
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _http.Dispose();

    private async Task<IReadOnlyList<T>> GetAsync<T>(string path, (string Name, string? Value)[] arguments, CancellationToken cancel)
    {
        var query = string.Join('&', arguments.Where(a => a.Value is not null).Select(a => $"{a.Name}={Uri.EscapeDataString(a.Value!)}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?{query}");
        using var response = await SendAsync(request, cancel).ConfigureAwait(false);
        return (await response.Content.ReadFromJsonAsync<List<T>>(Json, cancel).ConfigureAwait(false))!;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new GridException(GridErrorCode.Unreachable, $"no grid answers at {Address}: {e.Message}", e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new GridException(GridErrorCode.TimedOut, $"the grid at {Address} did not answer within {_http.Timeout.TotalSeconds} s", e);
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

    private async Task<GridException> RefusalAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType == "application/problem+json" && JsonNode.Parse(text) is JsonObject problem)
        {
            var code = Enum.TryParse<GridErrorCode>((string?)problem["code"], out var known) ? known : GridErrorCode.BadArgument;
            return new GridException(code, (string?)problem["detail"] ?? text);
        }

        return new GridException(GridErrorCode.Malformed, $"{Address} answered {(int)response.StatusCode}: {text}");
    }

    private static JsonObject ToJson(string symbol, InstrumentDefinition definition) => new()
    {
        ["symbol"] = symbol,
        ["class"] = definition.Class,
        ["tick_size"] = definition.TickSize.ToString(),
        ["lot_size"] = definition.LotSize.ToString(),
        ["currency"] = definition.Currency,
        ["calendar"] = definition.Calendar,
        ["cusip"] = definition.Cusip.IsNone ? null : definition.Cusip.ToString(),
        ["valid_from"] = definition.ValidFrom.Value == long.MinValue ? null : definition.ValidFrom.ToString(),
        ["valid_to"] = definition.ValidTo.Value == long.MaxValue ? null : definition.ValidTo.ToString(),
    };

    private static string? Text(int? limit) => limit?.ToString(CultureInfo.InvariantCulture);
}

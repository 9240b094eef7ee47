using System.Globalization;
using System.Text.Json.Nodes;
using Grid.Client.Tls;
using Grid.Domain;
using Grid.Domain.Instruments;

namespace Grid.Client.Query;

/// <summary>
/// Asks a grid over HTTP. Decimals come as exact text, times as ISO 8601 in UTC. What the server refuses, and a server that is not there,
/// is a <see cref="GridException"/> with its code. Methods whose names begin with <c>Get</c> and <c>Find</c> ask once; those that begin
/// with <c>List</c> read a list to its end, a page at a time. To be used by any number of callers at a time.
/// </summary>
public sealed class QueryClient : IDisposable
{
    /// <summary>Where a server listens that is not told another address.</summary>
    public static readonly Uri DefaultAddress = new("http://127.0.0.1:7400");

    private readonly QueryConnection _connection;

    /// <summary>A client of the server at an address.</summary>
    /// <param name="address">With the scheme https for TLS.</param>
    /// <param name="apiKey">The key for a server that asks for one; null for none.</param>
    /// <param name="tls">Whom to trust; null for whom the machine does.</param>
    /// <exception cref="IOException">A file of <paramref name="tls"/> cannot be read or is no certificate.</exception>
    public QueryClient(Uri address, string? apiKey = null, ClientTlsOptions? tls = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        _connection = new QueryConnection(address, apiKey, tls);
    }

    /// <summary>The server's address.</summary>
    public Uri Address => _connection.Address;

    /// <summary>Time in which an answer must begin; 100 s by default. To be set before the first question.</summary>
    public TimeSpan Timeout
    {
        get => _connection.Timeout;
        set => _connection.Timeout = value;
    }

    /// <summary>What is known now of some instruments, in the order asked for.</summary>
    public Task<RowPage<LatestRow>> GetLatestAsync(IEnumerable<string> symbols, CancellationToken cancel = default) => NamedAsync<LatestRow>("v1/latest", symbols, cancel);

    /// <summary>What is known now of the instruments whose symbols fit a pattern, in symbol order after one.</summary>
    public Task<RowPage<LatestRow>> FindLatestAsync(string pattern, string? after = null, int? limit = null, CancellationToken cancel = default) =>
        _connection.GetPageAsync<LatestRow>("v1/latest", [("pattern", pattern), ("after", after), ("limit", Text(limit))], cancel);

    /// <summary>What is known now of all instruments whose symbols fit a pattern, in symbol order.</summary>
    public IAsyncEnumerable<LatestRow> ListLatestAsync(string pattern = "*", int? pageRows = null, CancellationToken cancel = default) =>
        FittingAsync<LatestRow>("v1/latest", pattern, pageRows, cancel);

    /// <summary>Best bid and offer of some instruments, in the order asked for.</summary>
    public Task<RowPage<BboRow>> GetBboAsync(IEnumerable<string> symbols, CancellationToken cancel = default) => NamedAsync<BboRow>("v1/bbo", symbols, cancel);

    /// <summary>Best bid and offer of all instruments whose symbols fit a pattern, in symbol order.</summary>
    public IAsyncEnumerable<BboRow> ListBboAsync(string pattern = "*", int? pageRows = null, CancellationToken cancel = default) =>
        FittingAsync<BboRow>("v1/bbo", pattern, pageRows, cancel);

    /// <summary>What each source quotes for an instrument, in the order of their names.</summary>
    public Task<RowPage<SourceQuoteRow>> GetQuotesAsync(string symbol, CancellationToken cancel = default) =>
        _connection.GetPageAsync<SourceQuoteRow>(Of("quotes", symbol), [], cancel);

    /// <summary>Statistics of the day of some instruments, in the order asked for.</summary>
    public Task<RowPage<InstrumentDayRow>> GetDayAsync(IEnumerable<string> symbols, CancellationToken cancel = default) => NamedAsync<InstrumentDayRow>("v1/day", symbols, cancel);

    /// <summary>Statistics of the day of all instruments whose symbols fit a pattern, in symbol order.</summary>
    public IAsyncEnumerable<InstrumentDayRow> ListDayAsync(string pattern = "*", int? pageRows = null, CancellationToken cancel = default) =>
        FittingAsync<InstrumentDayRow>("v1/day", pattern, pageRows, cancel);

    /// <summary>Ticks of an instrument with from ≤ event time &lt; to, in event order.</summary>
    public Task<RowPage<TickRow>> GetTicksAsync(string symbol, string? from = null, string? to = null, int? limit = null, CancellationToken cancel = default) =>
        _connection.GetPageAsync<TickRow>(Of("ticks", symbol), [("from", from), ("to", to), ("limit", Text(limit))], cancel);

    /// <summary>All ticks of an instrument with from ≤ event time &lt; to, in event order; what was there at the beginning comes exactly once, also while more arrives.</summary>
    public IAsyncEnumerable<TickRow> ListTicksAsync(string symbol, string? from = null, string? to = null, int? pageRows = null, CancellationToken cancel = default) =>
        _connection.ListAsync<TickRow>(Of("ticks", symbol), [("from", from), ("to", to), ("limit", Text(pageRows))], cancel);

    /// <summary>Bars of an instrument whose start is in [from, to), oldest first.</summary>
    public Task<RowPage<BarRow>> GetBarsAsync(
        string symbol, string interval, string? from = null, string? to = null, int? limit = null, CancellationToken cancel = default) =>
        _connection.GetPageAsync<BarRow>(Of("bars", symbol), [("interval", interval), ("from", from), ("to", to), ("limit", Text(limit))], cancel);

    /// <summary>All bars of an instrument whose start is in [from, to), oldest first.</summary>
    public IAsyncEnumerable<BarRow> ListBarsAsync(
        string symbol, string interval, string? from = null, string? to = null, int? pageRows = null, CancellationToken cancel = default) =>
        _connection.ListAsync<BarRow>(Of("bars", symbol), [("interval", interval), ("from", from), ("to", to), ("limit", Text(pageRows))], cancel);

    /// <summary>What dealers show for a CUSIP.</summary>
    /// <param name="cusip">The CUSIP.</param>
    /// <param name="date">The session date, as 2013-10-07; null for the newest that is known.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<CusipRow> GetRunsAsync(string cusip, string? date = null, CancellationToken cancel = default) =>
        _connection.GetAsync<CusipRow>(Of("runs", cusip), [("date", date)], cancel);

    /// <summary>How good the events of some instruments are, in the order asked for.</summary>
    public Task<RowPage<QualityRow>> GetQualityAsync(IEnumerable<string> symbols, CancellationToken cancel = default) => NamedAsync<QualityRow>("v1/quality", symbols, cancel);

    /// <summary>How good the events of all instruments are whose symbols fit a pattern, in symbol order; those included of which no event was applied.</summary>
    public IAsyncEnumerable<QualityRow> ListQualityAsync(string pattern = "*", int? pageRows = null, CancellationToken cancel = default) =>
        FittingAsync<QualityRow>("v1/quality", pattern, pageRows, cancel);

    /// <summary>Quarantined events with an id greater than one, oldest first.</summary>
    public Task<RowPage<QuarantineRow>> GetQuarantineAsync(ulong after = 0, int? limit = null, CancellationToken cancel = default) =>
        _connection.GetPageAsync<QuarantineRow>("v1/quarantine", [("after", Text(after)), ("limit", Text(limit))], cancel);

    /// <summary>All quarantined events that can be listed with an id greater than one, oldest first.</summary>
    public IAsyncEnumerable<QuarantineRow> ListQuarantineAsync(ulong after = 0, int? pageRows = null, CancellationToken cancel = default) =>
        _connection.ListAsync<QuarantineRow>("v1/quarantine", [("after", Text(after)), ("limit", Text(pageRows))], cancel);

    /// <summary>Open gaps of contiguous sequence domains, in the order of source, channel, session and number.</summary>
    public Task<RowPage<GapRow>> GetGapsAsync(int? limit = null, CancellationToken cancel = default) =>
        _connection.GetPageAsync<GapRow>("v1/gaps", [("limit", Text(limit))], cancel);

    /// <summary>All open gaps of contiguous sequence domains, in the order of source, channel, session and number.</summary>
    public IAsyncEnumerable<GapRow> ListGapsAsync(int? pageRows = null, CancellationToken cancel = default) =>
        _connection.ListAsync<GapRow>("v1/gaps", [("limit", Text(pageRows))], cancel);

    /// <summary>The sources and what they declared.</summary>
    public Task<RowPage<SourceRow>> GetSourcesAsync(CancellationToken cancel = default) => _connection.GetPageAsync<SourceRow>("v1/sources", [], cancel);

    /// <summary>The producers that ever connected, in the order of their names, and how far each has come.</summary>
    public Task<RowPage<ProducerRow>> GetProducersAsync(CancellationToken cancel = default) => _connection.GetPageAsync<ProducerRow>("v1/producers", [], cancel);

    /// <summary>The definition of an instrument that is valid now.</summary>
    public Task<InstrumentRow> GetInstrumentAsync(string symbol, CancellationToken cancel = default) =>
        _connection.GetAsync<InstrumentRow>(Of("instruments", symbol), [], cancel);

    /// <summary>All instruments of which an event was applied whose symbols fit a pattern, in symbol order, with their definitions.</summary>
    public IAsyncEnumerable<ListedInstrumentRow> ListInstrumentsAsync(string pattern = "*", int? pageRows = null, CancellationToken cancel = default) =>
        FittingAsync<ListedInstrumentRow>("v1/instruments", pattern, pageRows, cancel);

    /// <summary>The server's counters and positions.</summary>
    public Task<StatusRow> GetStatusAsync(CancellationToken cancel = default) => _connection.GetAsync<StatusRow>("v1/status", [], cancel);

    /// <summary>Publishes definitions; returns when those that are well formed are durable.</summary>
    public Task<DefinitionsResult> PutInstrumentsAsync(IEnumerable<KeyValuePair<string, InstrumentDefinition>> definitions, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        return _connection.PutAsync<DefinitionsResult>("v1/instruments", new JsonArray([.. definitions.Select(d => ToJson(d.Key, d.Value))]), cancel);
    }

    /// <summary>Asks anything, and gives the answer as it comes when its head has come: for rows that are passed on and not looked at.</summary>
    /// <param name="path">Such as <c>v1/ticks/IBM</c>; a symbol in it is escaped.</param>
    /// <param name="arguments">Those without a value are left out.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<HttpResponseMessage> OpenAsync(string path, IEnumerable<(string Name, string? Value)> arguments, CancellationToken cancel = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, QueryConnection.PathOf(path, arguments));
        return await _connection.SendAsync(request, cancel).ConfigureAwait(false);
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _connection.Dispose();

    private Task<RowPage<T>> NamedAsync<T>(string path, IEnumerable<string> symbols, CancellationToken cancel) =>
        _connection.GetPageAsync<T>(path, [("instruments", string.Join(',', symbols))], cancel);

    private IAsyncEnumerable<T> FittingAsync<T>(string path, string pattern, int? pageRows, CancellationToken cancel) =>
        _connection.ListAsync<T>(path, [("pattern", pattern), ("limit", Text(pageRows))], cancel);

    private static string Of(string list, string symbol) => $"v1/{list}/{Uri.EscapeDataString(symbol)}";

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

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Text;
using Grid.Cli.Feeds;
using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Rows;

namespace Grid.Cli.Imports;

/// <summary>A definition read from a file.</summary>
internal sealed record ImportedInstrument(string Symbol, InstrumentDefinition Definition);

/// <summary>
/// Reads instrument definitions from CSV: the project's own columns <c>symbol, class, tick_size, lot_size, currency, calendar,
/// cusip, valid_from, valid_to</c> in any order (only <c>symbol</c> must be there), or Lean's symbol-properties-database.csv,
/// which is told by its columns <c>market</c> and <c>minimum_price_variation</c>.
/// </summary>
/// <remarks>Lines that begin with # and empty lines are comments.</remarks>
internal sealed class InstrumentFile
{
    /// <summary>The columns of the project's own form.</summary>
    public static readonly string[] Columns = ["symbol", "class", "tick_size", "lot_size", "currency", "calendar", "cusip", "valid_from", "valid_to"];

    private static readonly string[] LeanColumns = ["market", "symbol", "type", "quote_currency", "minimum_price_variation", "lot_size"];

    // Lean lists what holds for all other symbols of a market under this one.
    private const string LeanOthers = "[*]";

    private readonly string _path;
    private readonly string? _market;
    private readonly CsvFields _fields = new();
    private readonly HashSet<string> _symbols = new(StringComparer.Ordinal);
    private string[] _columns = [];
    private bool _isLean;

    /// <param name="path">The file.</param>
    /// <param name="market">Of Lean's file: take only this market's instruments; null for all.</param>
    public InstrumentFile(string path, string? market)
    {
        _path = path;
        _market = market;
    }

    /// <summary>Rows that define no instrument: another market's, wildcards, and symbols that an earlier row of Lean's file has.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Lines that are not understood.</summary>
    public List<MalformedLine> Malformed { get; } = [];

    /// <summary>The definitions, in the order of the file.</summary>
    /// <exception cref="CommandFailure">The file cannot be read, or its columns are neither form's.</exception>
    public List<ImportedInstrument> Read()
    {
        var found = new List<ImportedInstrument>();
        try
        {
            using var lines = new LineReader(File.OpenRead(_path));
            while (lines.TryRead(out var line))
            {
                if (line.IsEmpty || line[0] == '#')
                {
                    continue;
                }

                if (_columns.Length == 0)
                {
                    BeginWith(line.StartsWith(Encoding.UTF8.Preamble) ? line[Encoding.UTF8.Preamble.Length..] : line);
                }
                else if (Parse(line, out var reason) is { } instrument)
                {
                    found.Add(instrument);
                }
                else if (reason is not null)
                {
                    Malformed.Add(new MalformedLine(_path, lines.Number, reason));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{_path}' cannot be read: {e.Message}", e);
        }

        return _columns.Length > 0 ? found : throw new CommandFailure($"'{_path}' is empty; its first line must name the columns");
    }

    private void BeginWith(ReadOnlySpan<byte> header)
    {
        _columns = [.. Split(header, out _).Select(c => c.Trim())];
        _isLean = _columns.Contains("market") && _columns.Contains("minimum_price_variation");
        foreach (var column in _isLean ? LeanColumns.Except(_columns) : ["symbol"])
        {
            if (!_columns.Contains(column))
            {
                throw new CommandFailure($"'{_path}' has no column '{column}'");
            }
        }

        foreach (var column in _isLean ? [] : _columns.Except(Columns))
        {
            throw new CommandFailure($"'{_path}' has a column '{column}'; known are {string.Join(", ", Columns)}");
        }
    }

    private List<string> Split(ReadOnlySpan<byte> line, out bool isClosed)
    {
        var fields = new List<string>();
        var rest = line;
        var isLast = false;
        isClosed = true;
        while (!isLast && isClosed)
        {
            isClosed = _fields.TryTake(ref rest, out var field, out isLast);
            fields.Add(Encoding.UTF8.GetString(field));
        }

        return fields;
    }

    private ImportedInstrument? Parse(ReadOnlySpan<byte> line, out string? reason)
    {
        var fields = Split(line, out var isClosed);
        if (!isClosed || fields.Count > _columns.Length || (!_isLean && fields.Count < _columns.Length))
        {
            reason = isClosed ? $"the row has {fields.Count} columns, not {_columns.Length}" : "a quoted field is not closed";
            return null;
        }

        string Field(string column)
        {
            var at = Array.IndexOf(_columns, column);
            return at >= 0 && at < fields.Count ? fields[at].Trim() : string.Empty;
        }

        try
        {
            reason = null;
            return _isLean ? FromLean(Field) : FromOwn(Field);
        }
        catch (FormatException e)
        {
            reason = e.Message;
            return null;
        }
    }

    private ImportedInstrument? FromLean(Func<string, string> field)
    {
        var symbol = field("symbol");
        if (symbol == LeanOthers || (_market is not null && field("market") != _market))
        {
            LeftOut++;
            return null;
        }

        var definition = new InstrumentDefinition
        {
            Class = field("type") is "forex" ? "fx" : field("type"),
            TickSize = PriceOf("minimum_price_variation", field("minimum_price_variation")),
            LotSize = QuantityOf("lot_size", field("lot_size")),
            Currency = field("quote_currency"),
        };
        CheckSymbol(symbol);
        if (!_symbols.Add(symbol))
        {
            LeftOut++;
            return null;
        }

        return new ImportedInstrument(symbol, definition);
    }

    private static ImportedInstrument FromOwn(Func<string, string> field)
    {
        CheckSymbol(field("symbol"));
        var cusip = default(Cusip);
        if (field("cusip") is { Length: > 0 } text && !Cusip.TryParse(Encoding.UTF8.GetBytes(text), out cusip))
        {
            throw new FormatException($"cusip '{text}' is not a CUSIP with a right check digit");
        }

        var unbounded = new InstrumentDefinition();
        return new ImportedInstrument(field("symbol"), new InstrumentDefinition
        {
            Class = field("class") is { Length: > 0 } name ? name : InstrumentDefinition.DefaultClass,
            TickSize = PriceOf("tick_size", field("tick_size")),
            LotSize = QuantityOf("lot_size", field("lot_size")),
            Currency = field("currency"),
            Calendar = field("calendar"),
            Cusip = cusip,
            ValidFrom = TimeOf("valid_from", field("valid_from"), unbounded.ValidFrom),
            ValidTo = TimeOf("valid_to", field("valid_to"), unbounded.ValidTo),
        });
    }

    private static void CheckSymbol(string symbol)
    {
        var bytes = Encoding.UTF8.GetBytes(symbol);
        if (!NameRules.IsValid(bytes))
        {
            throw new FormatException(NameRules.Explain(symbol));
        }
    }

    private static Price PriceOf(string column, string text) =>
        text.Length == 0 ? default
        : Price.TryParse(Encoding.UTF8.GetBytes(text), out var price) && price.Raw >= 0 ? price
        : throw new FormatException($"{column} '{text}' is not a number, 0 or more, that can be held exactly with {Price.Scale} decimals");

    private static Quantity QuantityOf(string column, string text) =>
        text.Length == 0 ? default
        : Quantity.TryParse(Encoding.UTF8.GetBytes(text), out var quantity) && quantity.Raw >= 0 ? quantity
        : throw new FormatException($"{column} '{text}' is not a number, 0 or more, that can be held exactly with {Quantity.Scale} decimals");

    private static UnixNanos TimeOf(string column, string text, UnixNanos ifEmpty) =>
        text.Length == 0 ? ifEmpty
        : UnixNanos.TryParse(text, out var time) ? time
        : throw new FormatException($"{column} '{text}' is not ISO 8601");
}

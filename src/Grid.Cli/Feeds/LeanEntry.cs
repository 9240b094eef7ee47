using System.Globalization;
using System.IO.Compression;
using Grid.Domain.Events;

namespace Grid.Cli.Feeds;

/// <summary>How the rows of a tick file are written.</summary>
internal enum LeanLayout
{
    /// <summary>Prices in deci-cents (1e-4), New York time.</summary>
    Equity,

    /// <summary>Prices in plain decimals, UTC: futures and forex.</summary>
    Plain,
}

/// <summary>One CSV file of ticks inside a zip, as its name describes it.</summary>
/// <remarks>
/// Equity entries are named <c>DATE_sym_Trade_Tick.csv</c> or <c>DATE_sym_Quote_Tick.csv</c>; the others
/// <c>DATE_sym_tick_trade.csv</c> or <c>DATE_sym_tick_quote.csv</c>, with <c>_EXPIRY</c> behind for a future.
/// </remarks>
/// <param name="Path">The zip.</param>
/// <param name="Name">The entry's name in it.</param>
/// <param name="Layout">How its rows are written.</param>
/// <param name="Kind">Trade or Quote.</param>
/// <param name="Date">The date that its times count from.</param>
/// <param name="Symbol">Upper case, with the expiry of a future.</param>
internal sealed record LeanEntry(string Path, string Name, LeanLayout Layout, EventKind Kind, DateOnly Date, string Symbol)
{
    /// <summary>Where a row is, for messages.</summary>
    public string Place => $"{Path}:{Name}";

    /// <summary>Understands an entry's name; false with a reason if it does not name a file of ticks.</summary>
    public static bool TryParse(string path, string name, out LeanEntry? entry, out string reason)
    {
        entry = null;
        var parts = System.IO.Path.GetFileNameWithoutExtension(name).Split('_');
        if (!name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || parts.Length < 4
            || !DateOnly.TryParseExact(parts[0], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            reason = "its name is not DATE_symbol_Trade_Tick.csv nor the like";
            return false;
        }

        LeanLayout layout;
        string kindName;
        var expiry = string.Empty;
        if (Is(parts[3], "tick") && parts.Length == 4)
        {
            (layout, kindName) = (LeanLayout.Equity, parts[2]);
        }
        else if (Is(parts[2], "tick") && parts.Length <= 5)
        {
            (layout, kindName) = (LeanLayout.Plain, parts[3]);
            expiry = parts.Length == 5 ? parts[4] : expiry;
        }
        else
        {
            reason = $"it holds '{parts[2]}' data; only ticks are read";
            return false;
        }

        var kind = Is(kindName, "trade") ? EventKind.Trade : Is(kindName, "quote") ? EventKind.Quote : EventKind.None;
        if (kind == EventKind.None)
        {
            reason = $"it holds '{kindName}' ticks; only trade and quote are read";
            return false;
        }

        reason = string.Empty;
        entry = new LeanEntry(path, name, layout, kind, date, parts[1].ToUpperInvariant() + expiry.ToUpperInvariant());
        return true;
    }

    /// <summary>
    /// The entries of ticks in zips and in folders with zips, by date, path and name. What else lies in the zips of a folder is
    /// told to <paramref name="onLeftOut"/>.
    /// </summary>
    /// <exception cref="CommandFailure">A path is missing, is no zip, or has no ticks.</exception>
    public static List<LeanEntry> Find(IEnumerable<string> paths, Action<string> onLeftOut)
    {
        var found = new List<LeanEntry>();
        foreach (var path in paths)
        {
            var before = found.Count;
            var isFolder = Directory.Exists(path);
            if (!isFolder && !File.Exists(path))
            {
                throw new CommandFailure($"'{path}' does not exist");
            }

            string? leftOut = null;
            foreach (var zip in isFolder ? Zips(path) : [path])
            {
                AddEntries(zip, found, line => onLeftOut(leftOut = line));
            }

            if (found.Count == before)
            {
                throw new CommandFailure(leftOut ?? $"'{path}' holds no zipped tick file");
            }
        }

        return [.. found.Distinct().OrderBy(e => e.Date).ThenBy(e => e.Path, StringComparer.Ordinal).ThenBy(e => e.Name, StringComparer.Ordinal)];
    }

    /// <summary>Opens the zip and the entry.</summary>
    /// <exception cref="CommandFailure">It cannot be read.</exception>
    public Stream Open()
    {
        var zip = OpenZip(Path);
        try
        {
            return new ZipEntryStream(zip, zip.GetEntry(Name) ?? throw new CommandFailure($"'{Path}' has no entry '{Name}' any more"));
        }
        catch (InvalidDataException e)
        {
            zip.Dispose();
            throw new CommandFailure($"'{Place}' is damaged: {e.Message}", e);
        }
    }

    private static string[] Zips(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.zip", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static void AddEntries(string path, List<LeanEntry> found, Action<string> onLeftOut)
    {
        using var zip = OpenZip(path);
        foreach (var file in zip.Entries.Where(e => e.Name.Length > 0))
        {
            if (TryParse(path, file.FullName, out var entry, out var reason))
            {
                found.Add(entry!);
            }
            else
            {
                onLeftOut($"'{path}:{file.FullName}' is not read: {reason}");
            }
        }
    }

    private static ZipArchive OpenZip(string path)
    {
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException e)
        {
            throw new CommandFailure($"'{path}' is no zip file: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    private static bool Is(string part, string word) => part.Equals(word, StringComparison.OrdinalIgnoreCase);
}

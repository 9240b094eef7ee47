using System.Security.Cryptography;
using System.Text;

namespace Grid.Storage.Postgres;

/// <summary>
/// One step of the schema, from two SQL files <c>NNNN_name.up.sql</c> and <c>NNNN_name.down.sql</c>. Two comments at the head
/// of a file are orders: <c>-- Destructive: what is lost</c>, and <c>-- Outside a transaction: why</c>. A file of the latter
/// kind is run statement by statement (an empty line ends a statement; of a query that ends with <c>\gexec</c> each row is
/// one), as the user who migrates, and must stand being run again after it broke off.
/// </summary>
public sealed record Migration(int Version, string Name, string Up, string Down)
{
    /// <summary>SHA-256 of both texts, whatever their line ends.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Unified(Up)}\0{Unified(Down)}")));

    /// <summary>What going up loses; null if nothing.</summary>
    public string? UpLoses => Order(Up, "Destructive");

    /// <summary>What going down loses; null if nothing.</summary>
    public string? DownLoses => Order(Down, "Destructive");

    /// <summary>The number and name, as its files are called.</summary>
    public override string ToString() => $"{Version:0000}_{Name}";

    /// <summary>True if a script is not to be run in a transaction.</summary>
    internal static bool IsOutsideTransaction(string script) => Order(script, "Outside a transaction") is not null;

    /// <summary>The statements of a script that is run one by one.</summary>
    internal static IEnumerable<string> Statements(string script) =>
        Unified(script).Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(statement => statement.Split('\n').Any(line => !line.StartsWith("--", StringComparison.Ordinal)));

    private static string Unified(string text) => text.ReplaceLineEndings("\n");

    private static string? Order(string script, string name)
    {
        var start = $"-- {name}: ";
        return Unified(script).Split('\n')
            .TakeWhile(line => line.StartsWith("--", StringComparison.Ordinal))
            .FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..];
    }
}

using System.IO.Enumeration;
using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>A pattern over names of sources: <c>*</c> stands for any text, <c>?</c> for one character; upper and lower case differ.</summary>
internal static class SourcePattern
{
    public static bool Matches(string pattern, ReadOnlySpan<char> source) => FileSystemName.MatchesSimpleExpression(pattern, source, ignoreCase: false);

    /// <summary>One sentence that says which rule a pattern breaks; null if it keeps them. A backslash would mean something else to the matcher.</summary>
    public static string? Fault(string? pattern) =>
        pattern?.Length is >= 1 and <= GridLimits.NameBytesMax && !pattern.AsSpan().ContainsAnyExceptInRange('\x21', '\x7E') && !pattern.Contains('\\', StringComparison.Ordinal)
            ? null
            : $"source '{pattern}' is no pattern: 1 to {GridLimits.NameBytesMax} printable ASCII characters without spaces and backslashes";
}

using System.IO.Enumeration;
using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>A pattern over names of sources or producers: <c>*</c> stands for any text, <c>?</c> for one character; upper and lower case differ.</summary>
internal static class NamePattern
{
    public static bool Matches(string pattern, ReadOnlySpan<char> name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    /// <summary>One sentence that says which rule a pattern breaks; null if it keeps them. A backslash would mean something else to the matcher.</summary>
    /// <param name="noun">What it is for.</param>
    /// <param name="pattern">The pattern.</param>
    public static string? Fault(string noun, string? pattern) =>
        pattern?.Length is >= 1 and <= GridLimits.NameBytesMax && !pattern.AsSpan().ContainsAnyExceptInRange('\x21', '\x7E') && !pattern.Contains('\\', StringComparison.Ordinal)
            ? null
            : $"{noun} '{pattern}' is no pattern: 1 to {GridLimits.NameBytesMax} printable ASCII characters without spaces and backslashes";
}

namespace Grid.Runtime.Queries;

/// <summary>A pattern over symbols: <c>*</c> stands for any text, <c>?</c> for one character; all else for itself.</summary>
internal static class SymbolPattern
{
    /// <summary>True if the whole symbol fits. Linear in the symbol for each star.</summary>
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> symbol)
    {
        int p = 0, s = 0, star = -1, resume = 0;
        while (s < symbol.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = s;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == symbol[s]))
            {
                p++;
                s++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                s = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}

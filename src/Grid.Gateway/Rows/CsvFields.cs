namespace Grid.Gateway.Rows;

/// <summary>Splits lines of CSV into fields. A field may stand in double quotes, inside which a quote is doubled.</summary>
public sealed class CsvFields
{
    private byte[] _unquoted = new byte[256];

    /// <summary>
    /// Takes the next field; false if it has no closing quote, or something but a comma behind it. <paramref name="isLast"/> tells
    /// whether the line ends with it. The field is valid until the next call.
    /// </summary>
    public bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field, out bool isLast)
    {
        if (rest is [(byte)'"', ..])
        {
            return TryTakeQuoted(ref rest, out field, out isLast);
        }

        var comma = rest.IndexOf((byte)',');
        isLast = comma < 0;
        field = isLast ? rest : rest[..comma];
        rest = isLast ? default : rest[(comma + 1)..];
        return true;
    }

    private bool TryTakeQuoted(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> field, out bool isLast)
    {
        if (_unquoted.Length < rest.Length)
        {
            _unquoted = new byte[rest.Length];
        }

        var length = 0;
        for (var at = 1; at < rest.Length; at++)
        {
            if (rest[at] == '"')
            {
                at++;
                isLast = at == rest.Length;
                if (isLast || rest[at] != '"')
                {
                    field = _unquoted.AsSpan(0, length);
                    var isClosed = isLast || rest[at] == ',';
                    rest = isLast ? default : rest[(at + 1)..];
                    return isClosed;
                }
            }

            _unquoted[length++] = rest[at];
        }

        field = default;
        isLast = true;
        return false;
    }
}

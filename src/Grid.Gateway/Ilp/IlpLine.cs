using System.Buffers;

namespace Grid.Gateway.Ilp;

/// <summary>
/// Reads one line of InfluxDB's line protocol with QuestDB's extensions, part by part and in order: measurement, tags, fields,
/// time. Allocates nothing; text without escapes is given where it lies.
/// </summary>
/// <remarks>
/// <code>
/// line  := measurement (,key=value)* ( key=field (,key=field)*)? ( time)?
/// field := 1.5 | 1i | 1u | 1.5d | 1t | 1n | t | true | "text" | = binary
/// binary:= 16 f64 | 23 scale:u8 length:u8 big-endian*length | 14 type:u8 (33, or 10 dimensions:u8 i32*dimensions f64*)
/// </code>
/// A backslash before a comma, equals sign, space, quote, backslash or line end makes that character plain; before any
/// other it is a backslash. A binary double is given as the shortest decimal that means it, which is what the same client
/// writes where it sends text.
/// </remarks>
public ref struct IlpLine
{
    private static readonly SearchValues<byte> EndsOfName = SearchValues.Create(", \\"u8);
    private static readonly SearchValues<byte> EndsOfKey = SearchValues.Create(", =\\"u8);

    private readonly ReadOnlySpan<byte> _line;
    private IlpScratch _scratch;
    private int _at;
    private bool _hasFields;

    /// <param name="line">The line without its end.</param>
    /// <param name="scratch">Room for text without its escapes: <see cref="ScratchBytes"/> for a line.</param>
    public IlpLine(ReadOnlySpan<byte> line, Span<byte> scratch)
    {
        _line = line;
        _scratch = new IlpScratch(scratch);
    }

    /// <summary>What is wrong with the line; null while nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Where the part read last begins, or where the problem is: from 1.</summary>
    public int Column { get; private set; } = 1;

    /// <summary>Room that a line may need: three bytes of binary may become 24 of text.</summary>
    public static int ScratchBytes(int lineBytes) => (8 * lineBytes) + 64;

    /// <summary>Reads the measurement; false if there is none.</summary>
    public bool TryReadMeasurement(out ReadOnlySpan<byte> name)
    {
        if (!TryReadToken(EndsOfName, out name))
        {
            return false;
        }

        return !name.IsEmpty || Fail("the line has no measurement");
    }

    /// <summary>Reads the next tag; false if there is none, or with a <see cref="Problem"/>.</summary>
    public bool TryReadTag(out ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        key = value = default;
        if (_at >= _line.Length || _line[_at] != ',')
        {
            return false;
        }

        _at++;
        if (!TryReadKey("tag", out key) || !TryReadToken(EndsOfKey, out value))
        {
            return false;
        }

        if (_at < _line.Length && _line[_at] == '=')
        {
            return Fail("a tag's value has an equals sign without a backslash");
        }

        return !value.IsEmpty || Fail("a tag has no value");
    }

    /// <summary>Reads the next field; false if there is none, or with a <see cref="Problem"/>.</summary>
    public bool TryReadField(out ReadOnlySpan<byte> key, out IlpValue value)
    {
        key = default;
        value = default;
        if (_at >= _line.Length)
        {
            return false;
        }

        if (_hasFields)
        {
            if (_line[_at] != ',')
            {
                return false;
            }

            _at++;
        }
        else
        {
            SkipSpaces();
            if (IsTime())
            {
                return false;
            }
        }

        _hasFields = true;
        return TryReadKey("field", out key) && TryReadValue(out value);
    }

    /// <summary>Reads the time, which is the last part; false if there is none, or with a <see cref="Problem"/>.</summary>
    public bool TryReadTime(out ReadOnlySpan<byte> text)
    {
        SkipSpaces();
        text = _line[_at..].TrimEnd((byte)' ');
        Column = _at + 1;
        _at = _line.Length;
        return !text.IsEmpty;
    }

    private bool TryReadKey(string what, out ReadOnlySpan<byte> key)
    {
        if (!TryReadToken(EndsOfKey, out key))
        {
            return false;
        }

        if (_at >= _line.Length || _line[_at] != '=')
        {
            return Fail($"a {what} has no equals sign");
        }

        if (key.IsEmpty)
        {
            return Fail($"a {what} has no name");
        }

        _at++;
        return true;
    }

    private bool TryReadToken(SearchValues<byte> ends, out ReadOnlySpan<byte> token)
    {
        Column = _at + 1;
        var rest = _line[_at..];
        var length = rest.IndexOfAny(ends);
        if (length >= 0 && rest[length] == '\\')
        {
            return TryReadEscaped(rest, length, ends, out token);
        }

        token = length < 0 ? rest : rest[..length];
        _at += token.Length;
        return true;
    }

    private bool TryReadEscaped(ReadOnlySpan<byte> rest, int length, SearchValues<byte> ends, out ReadOnlySpan<byte> token)
    {
        // Steps over each backslash and what stands behind it.
        while (length < rest.Length && rest[length] == '\\')
        {
            length = Math.Min(length + 2, rest.Length);
            var next = rest[length..].IndexOfAny(ends);
            length = next < 0 ? rest.Length : length + next;
        }

        _at += length;
        token = _scratch.Unescape(rest[..length]);
        return true;
    }

    private bool TryReadValue(out IlpValue value)
    {
        value = default;
        Column = _at + 1;
        if (_at >= _line.Length)
        {
            return Fail("a field has no value");
        }

        switch (_line[_at])
        {
            case (byte)'"':
                return TryReadText(out value);
            case (byte)'=':
                return TryReadBinary(out value);
            default:
                var rest = _line[_at..];
                var length = rest.IndexOfAny((byte)',', (byte)' ');
                var token = length < 0 ? rest : rest[..length];
                _at += token.Length;
                return !token.IsEmpty ? TryRecognize(token, out value) : Fail("a field has no value");
        }
    }

    private bool TryRecognize(ReadOnlySpan<byte> token, out IlpValue value)
    {
        var suffix = token[^1];
        if (suffix is >= (byte)'0' and <= (byte)'9' or (byte)'.')
        {
            value = new IlpValue(IlpType.Float, token);
            return true;
        }

        if (IlpBoolean.TryRead(token, out var isTrue))
        {
            value = new IlpValue(IlpType.Boolean, isTrue ? "true"u8 : "false"u8);
            return true;
        }

        var type = suffix switch
        {
            (byte)'i' => IlpType.Integer,
            (byte)'u' => IlpType.Unsigned,
            (byte)'d' => IlpType.Decimal,
            (byte)'t' => IlpType.TimeMicros,
            (byte)'n' => IlpType.TimeNanos,
            _ => IlpType.Array,
        };
        value = new IlpValue(type, token[..^1]);
        var isRight = type switch
        {
            IlpType.Array => false,
            IlpType.Decimal => IsNumber(token[..^1]),
            IlpType.Unsigned => IsWhole(token[..^1]),
            _ => IsWhole(token[0] == '-' ? token[1..^1] : token[..^1]),
        };
        return isRight || Fail($"'{Rows.RowFault.Shown(token)}' is neither a number, a boolean nor text in quotes");
    }

    private bool TryReadText(out IlpValue value)
    {
        var start = _at + 1;
        var end = start;
        var hasEscapes = false;
        while (true)
        {
            var next = end < _line.Length ? _line[end..].IndexOfAny((byte)'"', (byte)'\\') : -1;
            if (next < 0)
            {
                value = default;
                return Fail("a text has no closing quote");
            }

            end += next;
            if (_line[end] == '"')
            {
                break;
            }

            hasEscapes = true;
            end += 2;
        }

        var text = _line[start..end];
        value = new IlpValue(IlpType.Text, hasEscapes ? _scratch.Unescape(text) : text);
        _at = end + 1;
        return IsAtEndOfField() || Fail("something stands behind a text's closing quote");
    }

    private bool TryReadBinary(out IlpValue value)
    {
        if (!IlpBinary.TryRead(_line[_at..], ref _scratch, out var length, out value))
        {
            return Fail("a binary value is not whole, or of a type that is not known: 16 (double), 23 (decimal) and 14 (array of doubles) are");
        }

        _at += length;
        return IsAtEndOfField() || Fail("something stands behind a binary value");
    }

    private readonly bool IsAtEndOfField() => _at >= _line.Length || _line[_at] is (byte)',' or (byte)' ';

    // What stands where a field may begin is the time if it has no equals sign.
    private readonly bool IsTime()
    {
        var rest = _line[_at..];
        return rest.IsEmpty || (rest[0] is (>= (byte)'0' and <= (byte)'9') or (byte)'-' && !rest.Contains((byte)'='));
    }

    private static bool IsWhole(ReadOnlySpan<byte> text) => !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static bool IsNumber(ReadOnlySpan<byte> text)
    {
        var digits = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        return !digits.IsEmpty && !digits.ContainsAnyExcept("0123456789.eE+-"u8) && digits[0] is (>= (byte)'0' and <= (byte)'9') or (byte)'.';
    }

    private void SkipSpaces()
    {
        while (_at < _line.Length && _line[_at] == ' ')
        {
            _at++;
        }
    }

    private bool Fail(string problem)
    {
        Column = Math.Min(Column, _line.Length + 1);
        Problem = problem;
        return false;
    }
}

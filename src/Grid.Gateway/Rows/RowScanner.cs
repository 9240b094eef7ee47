using System.Runtime.CompilerServices;

namespace Grid.Gateway.Rows;

/// <summary>
/// Cuts bytes that come in pieces into rows. A row that lies in one piece is given where it lies; one that does not is put
/// together in a buffer of its own, which grows with what came.
/// </summary>
/// <param name="reader">Knows where rows end.</param>
/// <param name="rowBytesMax">Longest row; of a longer one only the beginning is given and <see cref="IsCut"/> is true.</param>
public sealed class RowScanner(RowReader reader, int rowBytesMax)
{
    private const int AppendBytesMin = 4096;
    private const int ShownBytes = 64;

    // _carry[_start.._end) came and was not given out. _mayHoldRow: it may hold a whole row, because it was cut at its end.
    private byte[] _carry = [];
    private int _start;
    private int _end;
    private bool _mayHoldRow;

    // The rest of a row that is too long is passed over.
    private bool _isSkipping;
    private long _nextLine = 1;
    private long _nextOffset;

    /// <summary>Line at which the row given last begins; the first is 1.</summary>
    public long Line { get; private set; }

    /// <summary>Byte at which the row given last begins; the first is 0.</summary>
    public long Offset { get; private set; }

    /// <summary>True if the row given last is only the beginning of one that is too long.</summary>
    public bool IsCut { get; private set; }

    /// <summary>True if a row has begun and not ended.</summary>
    public bool IsInRow => _end > _start || _isSkipping;

    /// <summary>Takes the next row out of <paramref name="data"/>, valid until the next call; false if its end has not come, and then all of the data was taken in.</summary>
    /// <param name="data">What came; what is left of it.</param>
    /// <param name="isLast">True if nothing comes after it, so that the last row needs no end.</param>
    /// <param name="row">The row, with its end if it has one.</param>
    public bool TryTake(ref ReadOnlySpan<byte> data, bool isLast, out ReadOnlySpan<byte> row)
    {
        IsCut = false;
        if (_end == _start && !_isSkipping)
        {
            var length = reader.FindEnd(data);
            if (length > 0)
            {
                row = data[..length];
                data = data[length..];
                Note(ref row);
                return true;
            }
        }

        return TryTakeCarried(ref data, isLast, out row);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryTakeCarried(ref ReadOnlySpan<byte> data, bool isLast, out ReadOnlySpan<byte> row)
    {
        row = default;
        if (_isSkipping && !TrySkip(ref data))
        {
            return false;
        }

        if (_mayHoldRow && TryGive(reader.FindEnd(_carry.AsSpan(_start, _end - _start)), out row))
        {
            return true;
        }

        _mayHoldRow = false;
        while (!data.IsEmpty)
        {
            var before = _end - _start;
            var appended = Append(data);
            var length = reader.FindEnd(_carry.AsSpan(_start, _end - _start));
            if (length > 0)
            {
                // What was appended beyond the row's end is given back.
                data = data[(length - before)..];
                _end = _start + length;
                return TryGive(length, out row);
            }

            data = data[appended..];
            if (_end - _start > rowBytesMax)
            {
                return GiveTooLong(out row);
            }
        }

        // A row that does not end, such as one with a quote that is not closed, ends with its first line.
        return isLast && _end > _start && TryGive(FirstLine() is > 0 and var line ? line : _end - _start, out row);
    }

    private int FirstLine()
    {
        _mayHoldRow = true;
        return _carry.AsSpan(_start, _end - _start).IndexOf((byte)'\n') + 1;
    }

    private bool GiveTooLong(out ReadOnlySpan<byte> row)
    {
        if (TryGive(FirstLine(), out row))
        {
            return true;
        }

        row = _carry.AsSpan(_start, Math.Min(ShownBytes, _end - _start));
        Line = _nextLine;
        Offset = _nextOffset;
        _nextOffset += _end - _start;
        _start = _end = 0;
        _mayHoldRow = false;
        _isSkipping = true;
        IsCut = true;
        return true;
    }

    private bool TrySkip(ref ReadOnlySpan<byte> data)
    {
        var length = data.IndexOf((byte)'\n') + 1;
        var skipped = length > 0 ? length : data.Length;
        data = data[skipped..];
        _nextOffset += skipped;
        _nextLine += length > 0 ? 1 : 0;
        _isSkipping = length == 0;
        return !_isSkipping;
    }

    private bool TryGive(int length, out ReadOnlySpan<byte> row)
    {
        row = _carry.AsSpan(_start, length);
        if (length > 0)
        {
            _start += length;
            Note(ref row);
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }

        return length > 0;
    }

    private int Append(ReadOnlySpan<byte> data)
    {
        var held = _end - _start;
        var appended = Math.Min(data.Length, Math.Max(AppendBytesMin, held));
        if (_carry.Length < _end + appended)
        {
            var larger = _carry.Length < held + appended ? new byte[Math.Max(2 * AppendBytesMin, 2 * (held + appended))] : _carry;
            _carry.AsSpan(_start, held).CopyTo(larger);
            _carry = larger;
            _start = 0;
            _end = held;
        }

        data[..appended].CopyTo(_carry.AsSpan(_end));
        _end += appended;
        return appended;
    }

    private void Note(ref ReadOnlySpan<byte> row)
    {
        Line = _nextLine;
        Offset = _nextOffset;
        _nextLine += reader.HoldsLineEnds ? row.Count((byte)'\n') : 1;
        _nextOffset += row.Length;
        if (row.Length > rowBytesMax)
        {
            IsCut = true;
            row = row[..ShownBytes];
        }
    }
}

using System.Buffers;

namespace Grid.Gateway.Feed;

/// <summary>
/// The bytes that a connection has received and not yet handled, in one pooled array, so that a frame lies in one piece
/// and is handed on without a copy. Without unread bytes it holds no array.
/// </summary>
internal sealed class ReceiveBuffer(int bytesMin)
{
    // _array[_start.._end) is unread; _array is empty when nothing is rented.
    private byte[] _array = [];
    private int _start;
    private int _end;

    public ReadOnlyMemory<byte> Unread => _array.AsMemory(_start, _end - _start);

    public bool IsEmpty => _start == _end;

    /// <summary>Where to receive into; not empty after <see cref="EnsureRoom"/>.</summary>
    public Memory<byte> Free => _array.AsMemory(_end);

    /// <summary>Bytes were received into <see cref="Free"/>.</summary>
    public void Received(int bytes) => _end += bytes;

    /// <summary>Unread bytes were handled.</summary>
    public void Handled(int bytes) => _start += bytes;

    /// <summary>
    /// Makes room for more of a frame of <paramref name="frameBytes"/>, so that it comes to lie in one piece. The array grows
    /// with the bytes that came, not with those that were promised.
    /// </summary>
    public void EnsureRoom(int frameBytes)
    {
        if (_end < _array.Length && _array.Length - _start >= frameBytes)
        {
            return;
        }

        var unread = Unread;
        if (_start > 0)
        {
            unread.CopyTo(_array);
            _start = 0;
            _end = unread.Length;
        }

        if (_end == _array.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytesMin, Math.Min(frameBytes, 2 * _array.Length)));
            _array.AsSpan(0, _end).CopyTo(larger);
            Return();
            _array = larger;
        }
    }

    /// <summary>Gives the array back, with what may be unread.</summary>
    public void Release()
    {
        Return();
        _array = [];
        _start = 0;
        _end = 0;
    }

    private void Return()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }
    }
}

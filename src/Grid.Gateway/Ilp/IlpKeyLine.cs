using Grid.Domain.Feed;

namespace Grid.Gateway.Ilp;

/// <summary>
/// The first line of a connection, which is a key if it looks like one: the beginning of a key and then letters, digits and
/// underscores alone. No line of the protocol does, as each has a space. It may come in any pieces.
/// </summary>
internal sealed class IlpKeyLine
{
    private readonly byte[] _held = new byte[AuthenticateFrame.PayloadBytesMax + 1];
    private int _length;

    /// <summary>True once it is known whether the line is a key.</summary>
    public bool IsDecided { get; private set; }

    /// <summary>True if it is one.</summary>
    public bool IsKey { get; private set; }

    /// <summary>The key; or what was taken so far of a line that is none.</summary>
    public ReadOnlyMemory<byte> Held => _held.AsMemory(0, _length);

    private static ReadOnlySpan<byte> Prefix => "grid_"u8;

    /// <summary>Takes what belongs to the key off; false if more must come.</summary>
    public bool TryDecide(ref ReadOnlyMemory<byte> received)
    {
        var rest = received.Span;
        while (!rest.IsEmpty && !IsDecided)
        {
            if (rest[0] == '\n' && _length >= Prefix.Length)
            {
                IsDecided = IsKey = true;
                _length -= _held[_length - 1] == '\r' ? 1 : 0;
            }
            else if (_length == _held.Length || !MayFollow(rest[0]))
            {
                IsDecided = true;
                break;
            }
            else
            {
                _held[_length++] = rest[0];
            }

            rest = rest[1..];
        }

        received = received[^rest.Length..];
        return IsDecided;
    }

    private bool MayFollow(byte next) =>
        _length < Prefix.Length ? next == Prefix[_length] : char.IsAsciiLetterOrDigit((char)next) || next is (byte)'_' or (byte)'\r';
}

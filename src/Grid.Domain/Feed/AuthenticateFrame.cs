using System.Text;

namespace Grid.Domain.Feed;

/// <summary>
/// The client's key. It may come once, before Hello, and is not answered: Welcome or Error is the answer to both. A server
/// without keys passes over it. It stands apart from Hello so that a Hello, which is logged when it is refused, holds no secret.
/// </summary>
/// <remarks>
/// <code>payload := key:ASCII</code>
/// </remarks>
public static class AuthenticateFrame
{
    /// <summary>Largest payload.</summary>
    public const int PayloadBytesMax = 64;

    /// <summary>The whole frame.</summary>
    /// <exception cref="ArgumentException">The text cannot be a key.</exception>
    public static byte[] ToFrame(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length is < 1 or > PayloadBytesMax || !Ascii.IsValid(key))
        {
            throw new ArgumentException($"a key has 1 to {PayloadBytesMax} ASCII characters");
        }

        var frame = new byte[FeedHeader.Bytes + key.Length];
        Encoding.ASCII.GetBytes(key, frame.AsSpan(FeedHeader.Bytes));
        FeedHeader.Seal(frame, FeedFrameType.Authenticate, 0);
        return frame;
    }
}

using Grid.Domain;

namespace Grid.Storage.Journal;

/// <summary>
/// Finds the salt of a segment whose header is lost. A frame's checksum is a function of the salt that can be run
/// backwards, so each frame names the salt it was written with; the frame that follows it confirms it.
/// </summary>
internal static class SaltSearch
{
    private const uint Polynomial = 0x82F63B78;

    // What a byte does to the register, and which byte it was by the top byte of what it did.
    private static readonly uint[] Forward = MakeForward();
    private static readonly byte[] Backward = MakeBackward();

    /// <summary>Looks for two frames in a row that agree on a salt, the first of them not before this LSN.</summary>
    public static bool TryFind(IJournalFile file, ulong firstLsn, out uint salt)
    {
        var window = new FileWindow(file, skipsUnreadable: true);
        for (long at = SegmentHeader.Bytes; ; at += 8)
        {
            var view = window.At(at, FrameHeader.Bytes);
            if (view.Length < FrameHeader.Bytes)
            {
                salt = 0;
                return false;
            }

            var header = FrameHeader.Read(view);
            if (!IsPlausible(header) || header.Lsn < firstLsn)
            {
                continue;
            }

            var frameBytes = (int)JournalFormat.FrameBytes((int)header.PayloadBytes);
            view = window.At(at, frameBytes + FrameHeader.Bytes);
            if (view.Length < frameBytes + FrameHeader.Bytes)
            {
                continue;
            }

            var next = FrameHeader.Read(view[frameBytes..]);
            if (IsPlausible(next) && next.Lsn > header.Lsn)
            {
                salt = SaltOf(view[..frameBytes], header.Crc);
                if (IsConfirmed(window.At(at + frameBytes, (int)JournalFormat.FrameBytes((int)next.PayloadBytes)), next, salt))
                {
                    return true;
                }
            }
        }
    }

    private static bool IsPlausible(in FrameHeader header) =>
        header.Lsn > header.FlushedLsn && header.Type != 0 && header.PayloadBytes <= JournalFormat.FrameBytesMax;

    private static bool IsConfirmed(ReadOnlySpan<byte> frame, in FrameHeader header, uint salt) =>
        frame.Length == JournalFormat.FrameBytes((int)header.PayloadBytes)
        && Crc32C.Append(salt, frame[sizeof(uint)..]) == header.Crc;

    private static uint SaltOf(ReadOnlySpan<byte> frame, uint crc)
    {
        var register = ~crc;
        for (var i = frame.Length - 1; i >= sizeof(uint); i--)
        {
            var index = Backward[register >> 24];
            register = ((register ^ Forward[index]) << 8) | (uint)(index ^ frame[i]);
        }

        return ~register;
    }

    private static uint[] MakeForward()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var register = i;
            for (var bit = 0; bit < 8; bit++)
            {
                register = (register & 1) != 0 ? (register >> 1) ^ Polynomial : register >> 1;
            }

            table[i] = register;
        }

        return table;
    }

    private static byte[] MakeBackward()
    {
        var table = new byte[256];
        for (var i = 0; i < 256; i++)
        {
            table[Forward[i] >> 24] = (byte)i;
        }

        return table;
    }
}

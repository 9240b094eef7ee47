using System.Buffers.Binary;
using Grid.Domain;

namespace Grid.Storage.Journal;

/// <summary>
/// Reads the frames of one segment in order, each checked, and stops at the first that cannot be. From there it can
/// search for the next readable one, so that a torn end can be told from damage.
/// </summary>
internal sealed class SegmentScanner : IDisposable
{
    // A gap frame lets LSNs jump, but not by more than this: at a million frames a second that is twelve days.
    private const ulong LsnJumpMax = 1UL << 40;

    private readonly IJournalFile _file;
    private readonly FileWindow _window;

    // The frame at Offset failed in this way; its header as far as it could be read.
    private FrameFault _fault;
    private FrameHeader _faulty;

    public SegmentScanner(IJournalFile file, in SegmentHeader header, bool skipsUnreadable = false)
    {
        _file = file;
        _window = new FileWindow(file, skipsUnreadable);
        Header = header;
        Offset = SegmentHeader.Bytes;
        NextLsn = header.FirstLsn;
    }

    private enum FrameFault
    {
        None,
        End,
        CutShort,
        TooLong,
        Checksum,
        Malformed,
        WrongLsn,
    }

    public string Path => _file.Path;

    public SegmentHeader Header { get; }

    /// <summary>Where the next frame begins: the end of all that was read.</summary>
    public long Offset { get; private set; }

    /// <summary>The LSN that the next frame must have.</summary>
    public ulong NextLsn { get; private set; }

    /// <summary>The highest LSN that a frame read so far knew to be on the disk.</summary>
    public ulong FlushedLsn { get; private set; }

    /// <summary>True if <see cref="TryRead"/> found no sign of a frame where the next one would begin.</summary>
    public bool IsAtEnd => _fault == FrameFault.End;

    /// <summary>Why <see cref="TryRead"/> read nothing.</summary>
    public string Fault => _fault switch
    {
        FrameFault.End => "the frames end here",
        FrameFault.CutShort => $"a frame with {_faulty.PayloadBytes} bytes of payload runs past the end of the file",
        FrameFault.TooLong => $"a frame says it has {_faulty.PayloadBytes} bytes of payload; "
            + $"at most {JournalFormat.FrameBytesMax} are allowed",
        FrameFault.Checksum => "the checksum of the frame does not match",
        FrameFault.Malformed => "the frame's contents do not keep the format",
        FrameFault.WrongLsn => $"the frame found here has LSN {_faulty.Lsn}",
        _ => "",
    };

    /// <summary>Opens a segment by its name.</summary>
    /// <exception cref="GridStorageException">Its header is damaged, does not fit its name, or is of a newer version.</exception>
    public static SegmentScanner Open(IJournalDirectory journal, ulong firstLsn)
    {
        var file = OpenFile(journal, firstLsn);
        try
        {
            return TryReadHeader(file, firstLsn, out var header, out var fault)
                ? new SegmentScanner(file, header)
                : throw JournalDamage.At(file.Path, 0, firstLsn, fault);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a segment's file for reading.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or the file is gone.</exception>
    public static IJournalFile OpenFile(IJournalDirectory journal, ulong firstLsn)
    {
        var name = SegmentName.Of(firstLsn);
        try
        {
            return journal.OpenRead(name);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain($"journal segment '{name}' in '{journal.Path}' cannot be opened", failure);
        }
    }

    /// <summary>Reads a segment's header and checks it against the segment's name.</summary>
    public static bool TryReadHeader(
        IJournalFile file, ulong firstLsn, out SegmentHeader header, out string fault, bool skipsUnreadable = false)
    {
        var window = new FileWindow(file, skipsUnreadable, usualBytes: SegmentHeader.Bytes);
        if (!SegmentHeader.TryRead(window.At(0, SegmentHeader.Bytes), file.Path, out header, out fault))
        {
            return false;
        }

        if (header.FirstLsn != firstLsn)
        {
            fault = $"its header says that it begins with LSN {header.FirstLsn}, its name says {firstLsn}";
            return false;
        }

        return true;
    }

    /// <summary>Reads the next frame. The payload is gone with the next call of any operation.</summary>
    public bool TryRead(out FrameHeader header, out ReadOnlySpan<byte> payload)
    {
        _fault = Check(Offset, out header, out payload);
        if (_fault == FrameFault.None && header.Lsn != NextLsn)
        {
            _fault = FrameFault.WrongLsn;
        }

        if (_fault != FrameFault.None)
        {
            _faulty = header;
            return false;
        }

        Offset += JournalFormat.FrameBytes(payload.Length);
        NextLsn = (header.Type == JournalFrameType.Gap ? GapPayload.LostThrough(payload) : header.Lsn) + 1;
        FlushedLsn = Math.Max(FlushedLsn, header.FlushedLsn);
        return true;
    }

    /// <summary>
    /// After a fault, moves on to the next frame that can be read and is later than all before; false, without moving, if
    /// there is none.
    /// </summary>
    public bool TryResume()
    {
        for (var at = Offset; ; at += 8)
        {
            var view = _window.At(at, FrameHeader.Bytes);
            if (view.Length < FrameHeader.Bytes)
            {
                return false;
            }

            var lsn = BinaryPrimitives.ReadUInt64LittleEndian(view[8..]);
            if (lsn == 0)
            {
                // No frame begins with zeros: go on where the LSN of a frame could lie on the next byte that is not.
                var next = _window.FindNonZero(at + 8);
                if (next < 0)
                {
                    return false;
                }

                at = (next & ~7L) - 16;
            }
            else if (lsn - NextLsn < LsnJumpMax && Check(at, out _, out _) == FrameFault.None)
            {
                Seek(at, lsn);
                return true;
            }
        }
    }

    /// <summary>Goes to a place where a frame with this LSN is expected.</summary>
    public void Seek(long offset, ulong lsn)
    {
        Offset = offset;
        NextLsn = lsn;
    }

    /// <summary>Reads again from the disk what lies behind all that was read, as it may have been written since.</summary>
    public void ForgetRest() => _window.ForgetFrom(Offset);

    /// <summary>Where the last byte behind <see cref="Offset"/> that is not zero ends.</summary>
    public long FindEndOfNonZero() => _window.FindEndOfNonZero(Offset);

    public void Dispose() => _file.Dispose();

    private FrameFault Check(long offset, out FrameHeader header, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        var view = _window.At(offset, FrameHeader.Bytes);
        if (view.Length < FrameHeader.Bytes)
        {
            header = default;
            return view.ContainsAnyExcept((byte)0) ? FrameFault.CutShort : FrameFault.End;
        }

        header = FrameHeader.Read(view);
        if (header.PayloadBytes > JournalFormat.FrameBytesMax)
        {
            return FrameFault.TooLong;
        }

        if (header == default)
        {
            return FrameFault.End;
        }

        var frameBytes = (int)JournalFormat.FrameBytes((int)header.PayloadBytes);
        view = _window.At(offset, frameBytes);
        if (view.Length < frameBytes)
        {
            return FrameFault.CutShort;
        }

        if (Crc32C.Append(Header.Salt, view[sizeof(uint)..]) != header.Crc)
        {
            return FrameFault.Checksum;
        }

        payload = view.Slice(FrameHeader.Bytes, (int)header.PayloadBytes);
        return IsWellFormed(header, payload) ? FrameFault.None : FrameFault.Malformed;
    }

    private static bool IsWellFormed(in FrameHeader header, ReadOnlySpan<byte> payload) =>
        header.Lsn > header.FlushedLsn
        && (header.Type != JournalFrameType.Gap
            || (payload.Length == GapPayload.Bytes && GapPayload.LostThrough(payload) >= header.Lsn));
}

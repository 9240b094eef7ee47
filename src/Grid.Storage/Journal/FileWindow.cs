using System.Numerics;

namespace Grid.Storage.Journal;

/// <summary>A stretch of a file in memory that slides forward as it is read: large reads, contiguous results.</summary>
/// <remarks>A span given out is gone with the next call.</remarks>
/// <param name="file">The file.</param>
/// <param name="skipsUnreadable">
/// True to take zeros for pages that the disk cannot read any more, so that a repair gets past them; else they throw.
/// </param>
/// <param name="usualBytes">Size of a read.</param>
internal sealed class FileWindow(IJournalFile file, bool skipsUnreadable = false, int usualBytes = FileWindow.UsualBytes)
{
    private const int PageBytes = 4096;

    // As large as the second-level cache likes; it grows only for a frame that is larger.
    private const int UsualBytes = 1 << 20;

    // _buffer[0.._length) is the file from _start on.
    private byte[] _buffer = [];
    private long _start;
    private int _length;

    /// <summary>The bytes at an offset: as many as asked for, fewer only where the file ends.</summary>
    public ReadOnlySpan<byte> At(long offset, int count)
    {
        if (offset < _start || offset + count > _start + _length)
        {
            Slide(offset, count);
        }

        var from = (int)(offset - _start);
        return _buffer.AsSpan(from, Math.Min(count, _length - from));
    }

    /// <summary>All bytes from an offset on that are in memory; none only at the end of the file.</summary>
    public ReadOnlySpan<byte> From(long offset)
    {
        if (offset < _start || offset >= _start + _length)
        {
            Slide(offset, 1);
        }

        return _buffer.AsSpan((int)(offset - _start), _length - (int)(offset - _start));
    }

    /// <summary>Forgets what is in memory from an offset on: it will be read again.</summary>
    public void ForgetFrom(long offset) => _length = (int)Math.Clamp(offset - _start, 0, _length);

    /// <summary>Offset of the first byte from here on that is not zero, or -1.</summary>
    public long FindNonZero(long offset)
    {
        while (From(offset) is { IsEmpty: false } bytes)
        {
            var at = bytes.IndexOfAnyExcept((byte)0);
            if (at >= 0)
            {
                return offset + at;
            }

            offset += bytes.Length;
        }

        return -1;
    }

    /// <summary>Where the last byte from here on that is not zero ends; the offset itself if there is none.</summary>
    public long FindEndOfNonZero(long offset)
    {
        var end = offset;
        while (From(offset) is { IsEmpty: false } bytes)
        {
            var at = bytes.LastIndexOfAnyExcept((byte)0);
            if (at >= 0)
            {
                end = offset + at + 1;
            }

            offset += bytes.Length;
        }

        return end;
    }

    private void Slide(long offset, int count)
    {
        var kept = 0;
        var old = _buffer;
        if (count > _buffer.Length)
        {
            var needed = (int)BitOperations.RoundUpToPowerOf2((uint)count);
            _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(usualBytes, needed));
        }

        if (offset >= _start && offset < _start + _length)
        {
            kept = (int)(_start + _length - offset);
            old.AsSpan((int)(offset - _start), kept).CopyTo(_buffer);
        }

        _start = offset;
        _length = kept;
        _length += Read(offset + kept, _buffer.AsSpan(kept));
    }

    private int Read(long offset, Span<byte> buffer)
    {
        try
        {
            return file.Read(offset, buffer);
        }
        catch (IOException) when (skipsUnreadable)
        {
            return ReadByPages(offset, buffer);
        }
        catch (IOException failure)
        {
            throw DiskFailure.Explain($"'{file.Path}' cannot be read at offset {offset}", failure);
        }
    }

    private int ReadByPages(long offset, Span<byte> buffer)
    {
        var length = (int)Math.Clamp(file.Length - offset, 0, buffer.Length);
        for (var done = 0; done < length;)
        {
            var page = buffer[done..Math.Min(length, done + PageBytes - (int)((offset + done) % PageBytes))];
            try
            {
                file.Read(offset + done, page);
            }
            catch (IOException)
            {
                page.Clear();
            }

            done += page.Length;
        }

        return length;
    }
}

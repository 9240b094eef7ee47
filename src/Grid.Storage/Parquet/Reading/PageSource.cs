using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Reads bytes of a file through a window, so that many small pages do not make many small reads.</summary>
internal sealed class PageSource(SafeFileHandle file, long end)
{
    private const int WindowBytes = 64 << 10;

    private byte[] _window = [];
    private long _windowStart;
    private int _windowLength;

    /// <summary>Where pages end and the footer begins.</summary>
    public long End => end;

    /// <summary>The bytes from a place on: as many as are asked for, and perhaps more; fewer only where the pages end.</summary>
    public ReadOnlySpan<byte> Peek(long offset, int wanted)
    {
        wanted = (int)Math.Min(wanted, Math.Max(0, end - offset));
        if (offset < _windowStart || offset + wanted > _windowStart + _windowLength)
        {
            Fill(offset, wanted);
        }

        return _window.AsSpan((int)(offset - _windowStart), _windowLength - (int)(offset - _windowStart));
    }

    /// <summary>Reads bytes into a buffer; the caller has checked that they lie before the end.</summary>
    public void Read(long offset, Span<byte> target)
    {
        if (offset >= _windowStart && offset + target.Length <= _windowStart + _windowLength)
        {
            _window.AsSpan((int)(offset - _windowStart), target.Length).CopyTo(target);
        }
        else if (target.Length <= WindowBytes / 2)
        {
            Peek(offset, target.Length)[..target.Length].CopyTo(target);
        }
        else
        {
            ReadAll(file, offset, target);
        }
    }

    /// <summary>Reads bytes, all of them.</summary>
    public static void ReadAll(SafeFileHandle file, long offset, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0)
            {
                ThrowShrunk(offset);
            }

            target = target[read..];
            offset += read;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowShrunk(long offset) => throw new ParquetFormatException($"the file ends at offset {offset}; it was longer when it was opened");

    private void Fill(long offset, int wanted)
    {
        var length = (int)Math.Min(Math.Max(wanted, WindowBytes), Math.Max(0, end - offset));
        if (_window.Length < length)
        {
            _window = GC.AllocateUninitializedArray<byte>(Math.Max(length, WindowBytes));
        }

        _windowLength = 0;
        ReadAll(file, offset, _window.AsSpan(0, length));
        (_windowStart, _windowLength) = (offset, length);
    }
}

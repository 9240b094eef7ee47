namespace Grid.Testing;

/// <summary>The bytes of a file: as the process sees them, and as they are on the disk.</summary>
internal sealed class FaultyContents
{
    private const int SectorBytes = 512;
    private const int SectorsPerPage = 8;

    private byte[] _now = [];
    private int _length;
    private byte[] _durable = [];

    // Sectors that were written since the last flush, and whether the length was changed.
    private readonly SortedSet<int> _dirty = [];
    private readonly HashSet<int> _unreadable = [];
    private bool _isLengthDirty;

    public long Length => _length;

    public int Read(long offset, Span<byte> buffer)
    {
        var count = (int)Math.Clamp(_length - offset, 0, buffer.Length);
        for (var sector = (int)(offset / SectorBytes); count > 0 && sector <= (offset + count - 1) / SectorBytes; sector++)
        {
            if (_unreadable.Contains(sector))
            {
                throw new IOException($"Input/output error in sector {sector}", 5);
            }
        }

        _now.AsSpan((int)Math.Min(offset, _length), count).CopyTo(buffer);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset + bytes.Length > _length)
        {
            SetLength(offset + bytes.Length);
        }

        bytes.CopyTo(_now.AsSpan((int)offset));
        MarkDirty(offset, offset + bytes.Length);
    }

    public void SetLength(long length)
    {
        if (length > _now.Length)
        {
            Array.Resize(ref _now, (int)Math.Max(length, Math.Min(2L * _now.Length, Array.MaxLength)));
        }

        // What is cut off reads as zeros if the file grows again.
        if (length < _length)
        {
            _now.AsSpan((int)length, _length - (int)length).Clear();
            MarkDirty(length, _length);
        }

        _isLengthDirty |= length != _length;
        _length = (int)length;
    }

    public void Flush()
    {
        // Only what is dirty is written: bytes of a flush that failed are not dirty any more.
        Array.Resize(ref _durable, _length);
        foreach (var start in _dirty.Select(sector => sector * SectorBytes).Where(start => start < _length))
        {
            var count = Math.Min(SectorBytes, _length - start);
            _now.AsSpan(start, count).CopyTo(_durable.AsSpan(start));
        }

        _dirty.Clear();
        _isLengthDirty = false;
    }

    /// <summary>Some of what was written reaches the disk; the rest never will, though it can still be read.</summary>
    public void FailFlush(Random random)
    {
        var before = _now.AsSpan(0, _length).ToArray();
        Crash(random);
        _durable = _now.AsSpan(0, _length).ToArray();
        _now = before;
        _length = before.Length;
        _isLengthDirty = true;
    }

    public void Crash(Random random)
    {
        var after = new byte[_isLengthDirty && random.Next(2) == 0 ? _length : _isLengthDirty ? _durable.Length : _length];
        _durable.AsSpan(0, Math.Min(_durable.Length, after.Length)).CopyTo(after);
        var byPages = random.Next(2) == 0;
        var fate = new Dictionary<int, int>();
        foreach (var sector in _dirty)
        {
            var unit = byPages ? sector / SectorsPerPage : sector;
            if (!fate.TryGetValue(unit, out var outcome))
            {
                outcome = random.Next(5);
                fate.Add(unit, outcome);
            }

            // Two in five are kept, two lost; one is torn: its first bytes are new, the others old.
            var start = sector * SectorBytes;
            var newBytes = outcome switch { < 2 => SectorBytes, 4 => random.Next(SectorBytes), _ => 0 };
            var end = Math.Min(start + newBytes, Math.Min(after.Length, _length));
            if (end > start)
            {
                _now.AsSpan(start, end - start).CopyTo(after.AsSpan(start));
            }
        }

        _now = after;
        _length = after.Length;
        _durable = [.. after];
        _dirty.Clear();
        _isLengthDirty = false;
    }

    /// <summary>The disk cannot read the sector at this offset any more.</summary>
    public void Break(long offset) => _unreadable.Add((int)(offset / SectorBytes));

    private void MarkDirty(long from, long to)
    {
        for (var sector = from / SectorBytes; sector * SectorBytes < to; sector++)
        {
            _dirty.Add((int)sector);
        }
    }
}

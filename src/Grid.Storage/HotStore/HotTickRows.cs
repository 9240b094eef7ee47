using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Storage.HotStore;

/// <summary>The ticks of one block, in the order in which they were appended.</summary>
internal unsafe struct HotTickRows
{
    private readonly HotBlockView _block;
    private byte* _at;
    private int _left;

    // The last row's extension.
    private int _extensionBytes;
    private byte* _extension;

    public HotTickRows(in HotBlockView block, InstrumentId instrument)
    {
        _block = block;
        _at = block.Rows;
        _left = block.Count;
        Event.Instrument = instrument;
    }

    /// <summary>Goes on in a block in which rows were read before, the last of them given.</summary>
    public HotTickRows(in HotBlockView block, int rowsRead, int bytesRead, in MarketEvent last)
    {
        _block = block;
        _at = block.Rows + bytesRead;
        _left = block.Count - rowsRead;
        Event = last;
    }

    /// <summary>The tick that <see cref="MoveNext"/> came to.</summary>
    public MarketEvent Event;

    /// <summary>Rows of the block read so far, and their bytes.</summary>
    public readonly int RowsRead => _block.Count - _left;

    public readonly int BytesRead => (int)(_at - _block.Rows);

    public readonly HotTick Tick => new(Event, Outcome, Run);

    public readonly Outcome Outcome => _extensionBytes == 0 ? Outcome.Accepted : new Outcome(*_extension);

    public readonly RunDetail? Run
    {
        get
        {
            if (_extensionBytes <= 1)
            {
                return null;
            }

            return RunDetail.TryRead(new ReadOnlySpan<byte>(_extension + 1, _extensionBytes - 1), out var run)
                ? run
                : throw _block.Damaged(_extension, "a run that cannot be read");
        }
    }

    /// <summary>Goes to the next tick; false if there is none.</summary>
    /// <exception cref="GridStorageException">The block is damaged.</exception>
    public bool MoveNext()
    {
        if (_at == _block.End)
        {
            return _left == 0 ? false : throw _block.Damaged(_at, $"{_left} ticks are missing");
        }

        var bytes = EventRowCodec.Read(ref *_at, ref Event, out _extensionBytes);
        _extension = _at + bytes;
        if (bytes == 0 || bytes + _extensionBytes > _block.End - _at || _extensionBytes is not (0 or 1 or 1 + RunDetail.EncodedBytes))
        {
            throw _block.Damaged(_at, "a tick that cannot be read");
        }

        _at = _extension + _extensionBytes;
        _left--;
        return true;
    }
}

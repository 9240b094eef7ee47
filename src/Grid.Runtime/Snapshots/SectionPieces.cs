using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Grid.Domain;

namespace Grid.Runtime.Snapshots;

/// <summary>Puts items of one kind into sections of about a megabyte, so that what there is of a kind is never in memory twice.</summary>
/// <remarks><code>section := count:i32  item*</code>An item is written with <see cref="Item"/> and ended with <see cref="EndItem"/>, where its owner holds it still.</remarks>
internal sealed class SectionPieces
{
    private const int BytesAtOnce = 1 << 20;
    private const int HeadBytes = sizeof(int);

    private readonly ArrayBufferWriter<byte> _section = new(BytesAtOnce + (64 << 10));
    private readonly Action<ReadOnlyMemory<byte>> _write;
    private int _count;

    /// <summary>Pieces that are handed over one by one; their memory is used again after each.</summary>
    public SectionPieces(Action<ReadOnlyMemory<byte>> write)
    {
        _write = write;
        Item = new StateWriter(_section);
        _section.Advance(HeadBytes);
    }

    /// <summary>Writes an item.</summary>
    public StateWriter Item { get; }

    /// <summary>Counts an item whose last byte was written.</summary>
    public void EndItem() => _count++;

    /// <summary>Hands over what is large enough. Never while the items' owner waits: this may wait for the disk.</summary>
    public void WriteIfFull()
    {
        if (_section.WrittenCount >= BytesAtOnce)
        {
            Finish();
        }
    }

    /// <summary>Hands over what there is.</summary>
    public void Finish()
    {
        if (_count > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(MemoryMarshal.AsMemory(_section.WrittenMemory).Span, _count);
            _write(_section.WrittenMemory);
            _section.ResetWrittenCount();
            _section.Advance(HeadBytes);
            _count = 0;
        }
    }
}

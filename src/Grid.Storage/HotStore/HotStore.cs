using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Storage.HotStore;

/// <summary>
/// Recent ticks and closed bars of many instruments on disk, read through memory-mapped files and append-only. Each series is a chain of
/// blocks, newest first; the caller holds its newest end (<see cref="HotTickChain"/>, <see cref="HotChain"/>). When the
/// store is full, the oldest blocks of all series are dropped together.
/// </summary>
/// <remarks>
/// One thread appends and begins checkpoints; any thread reads with its own copy of a chain. A reader sees exactly what
/// was appended when the copy was made, whatever happens meanwhile, less what was dropped.
/// </remarks>
public sealed unsafe partial class HotStore : IDisposable
{
    // A row without an extension, and the seven bytes that its last word may write beyond it.
    private const int RowRoomBytes = GridLimits.EventRowBytesMax + 8;
    private const int WideRowRoomBytes = RowRoomBytes + ExtensionBytesMax;
    private const int ExtensionBytesMax = 1 + RunDetail.EncodedBytes;

    private readonly HotLog _log;

    private HotStore(HotFolder folder, HotStoreOptions options, HotStorePosition position) => _log = new HotLog(folder, options, position);

    /// <summary>Where the next block goes.</summary>
    public HotStorePosition Position => _log.Position;

    /// <summary>
    /// Extents that the position refers to and that had no file when the store was opened: history that is lost, because
    /// of <see cref="HotStoreOptions.RecoveryBytesMax"/> or by somebody's hand.
    /// </summary>
    public int MissingExtents => _log.MissingExtents;

    /// <summary>Files that can be read now.</summary>
    public int LiveExtents => _log.LiveExtents;

    /// <summary>Bytes of these files.</summary>
    public long LiveBytes => _log.LiveBytes;

    /// <summary>Bytes of memory beside the page cache. For the writer.</summary>
    public long MemoryBytes => _log.OwnBytes;

    /// <summary>
    /// Opens the store in a folder as it was at a position that <see cref="Checkpoint"/> gave and forgets what was
    /// appended after it; at <see cref="HotStorePosition.Start"/> it forgets everything.
    /// </summary>
    /// <param name="folder">The store's own folder, made if it is missing.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="position">Where to go on.</param>
    /// <param name="readOnly">True to leave the folder as it is: what is appended then stays in memory.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="GridStorageException">A file is damaged, was made with other options, or cannot be opened.</exception>
    public static HotStore Open(string folder, HotStoreOptions options, HotStorePosition position, bool readOnly = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new HotStore(new HotFolder(folder, options.ExtentBytes, position, readOnly), options, position);
    }

    /// <summary>Appends a tick to an instrument's chain. The event's <see cref="MarketEvent.Detail"/> is not kept.</summary>
    /// <exception cref="GridStorageException">The disk has no room for another extent; the chain is as it was.</exception>
    [SkipLocalsInit]
    public void AppendTick(ref HotTickChain chain, in MarketEvent e, Outcome outcome)
    {
        if (chain.Chain.Free >= RowRoomBytes && outcome == Outcome.Accepted && _log.TryLocate(chain.Chain.Block, out var block))
        {
            // The chain is one instrument's: its number is process-local and never written.
            chain.Previous.Instrument = e.Instrument;
            var bytes = EventRowCodec.Write(ref block[chain.Chain.Used], in e, ref chain.Previous);
            _log.Wrote(chain.Chain.Block, chain.Chain.Used, bytes);
            chain.Grow(bytes, in e);
            return;
        }

        Span<byte> extension = [outcome.Value];
        AppendTickCarefully(ref chain, in e, outcome == Outcome.Accepted ? default : extension);
    }

    /// <summary>Appends a run with its wider part.</summary>
    /// <exception cref="GridStorageException">The disk has no room for another extent; the chain is as it was.</exception>
    public void AppendTick(ref HotTickChain chain, in MarketEvent e, Outcome outcome, in RunDetail run)
    {
        Span<byte> extension = stackalloc byte[ExtensionBytesMax];
        extension[0] = outcome.Value;
        run.Write(extension[1..]);
        AppendTickCarefully(ref chain, in e, extension);
    }

    /// <summary>
    /// Appends a record to a chain of its own kind, with the time that readers select by. The record's bytes are kept as
    /// they are in memory: its type may not change while a store holds such records, and holds no process-local numbers
    /// that are not given again.
    /// </summary>
    /// <exception cref="ArgumentException">The record is larger than a block.</exception>
    /// <exception cref="GridStorageException">The disk has no room for another extent; the chain is as it was.</exception>
    public void AppendRecord<T>(ref HotChain chain, in T record, UnixNanos time)
        where T : unmanaged
    {
        var bytes = HotBlock.RecordTimeBytes + sizeof(T);
        if (chain.Free >= bytes && _log.TryLocate(chain.Block, out var block))
        {
            WriteRecord(block + chain.Used, in record, time);
            _log.Wrote(chain.Block, chain.Used, bytes);
            chain.Grow(bytes, time.Value);
            return;
        }

        if (sizeof(T) > HotBlock.RecordBytesMax)
        {
            throw new ArgumentException($"a record of {sizeof(T)} bytes does not fit in a block, which takes {HotBlock.RecordBytesMax}");
        }

        block = BeginBlock(ref chain, HotBlockKind.Records, sizeof(T), HotBlock.RecordRowsAt, bytes);
        WriteRecord(block + HotBlock.RecordRowsAt, in record, time);
        chain.Begin(bytes, time.Value);
    }

    /// <summary>Brings the place where a chain's next row goes nearer to the processor: to be called some events ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(in HotTickChain chain)
    {
        if (Sse.IsSupported && _log.TryLocate(chain.Chain.Block, out var block))
        {
            Sse.Prefetch0(block + chain.Chain.Used);
        }
    }

    /// <summary>
    /// Notes the position and what must be flushed for it; cheap, on the writer's thread. The chains to save with the
    /// position are those of this moment.
    /// </summary>
    public HotCheckpoint BeginCheckpoint() => _log.BeginCheckpoint();

    /// <summary>Flushes everything appended so far and gives the position to save.</summary>
    /// <exception cref="GridStorageException">The disk refused.</exception>
    public HotStorePosition Checkpoint()
    {
        using var checkpoint = BeginCheckpoint();
        checkpoint.Flush();
        return checkpoint.Position;
    }

    /// <summary>
    /// Says which is the oldest snapshot's position: files that opening at it needs are kept after their extents are
    /// dropped, within <see cref="HotStoreOptions.RecoveryBytesMax"/>. From any thread; heeded when the next extent begins.
    /// </summary>
    public void Retain(HotStorePosition oldest) => _log.Retain(oldest);

    /// <summary>Closes the store without flushing. Readers that are inside finish.</summary>
    public void Dispose() => _log.Dispose();

    private static void WriteRecord<T>(byte* at, in T record, UnixNanos time)
        where T : unmanaged
    {
        Unsafe.WriteUnaligned(at, time.Value);
        Unsafe.WriteUnaligned(at + HotBlock.RecordTimeBytes, record);
    }

    // Near the end of a block a row is made aside, because only then is it known whether it fits.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private void AppendTickCarefully(ref HotTickChain chain, in MarketEvent e, ReadOnlySpan<byte> extension)
    {
        Span<byte> row = stackalloc byte[WideRowRoomBytes];
        if (_log.TryLocate(chain.Chain.Block, out var block))
        {
            var previous = chain.Previous;
            previous.Instrument = e.Instrument;
            var bytes = EventRowCodec.Write(ref MemoryMarshal.GetReference(row), in e, ref previous, extension);
            if (bytes <= chain.Chain.Free)
            {
                row[..bytes].CopyTo(new Span<byte>(block + chain.Chain.Used, bytes));
                _log.Wrote(chain.Chain.Block, chain.Chain.Used, bytes);
                chain.Previous = previous;
                chain.Grow(bytes, in e);
                return;
            }
        }

        var nothing = new MarketEvent { Instrument = e.Instrument };
        var first = EventRowCodec.Write(ref MemoryMarshal.GetReference(row), in e, ref nothing, extension);
        block = BeginTickBlock(ref chain, first);
        row[..first].CopyTo(new Span<byte>(block + HotBlock.TickRowsAt, first));
        chain.Previous = nothing;
        chain.Begin(first, in e);
    }

    private byte* BeginTickBlock(ref HotTickChain chain, int firstRowBytes)
    {
        if (_log.TryLocate(chain.Chain.Block, out var full))
        {
            ref var header = ref *(HotBlockHeader*)full;
            header.MinSequence = chain.MinSequence;
            header.MaxSequence = chain.MaxSequence;
            _log.Wrote(chain.Chain.Block, 0, HotBlock.HeaderBytes);
        }

        return BeginBlock(ref chain.Chain, HotBlockKind.Ticks, 0, HotBlock.TickRowsAt, firstRowBytes);
    }

    // Completes the header of the chain's newest block and puts an empty one before it.
    private byte* BeginBlock(ref HotChain chain, HotBlockKind kind, int recordBytes, int rowsAt, int firstRowBytes)
    {
        // Of what was dropped the chain knows a bound.
        var olderMaxTime = chain.IsEmpty ? long.MinValue : chain.LatestTime;
        var log2 = HotBlock.NextLog2(0, rowsAt + firstRowBytes);
        if (_log.TryLocate(chain.Block, out var full))
        {
            ref var newest = ref *(HotBlockHeader*)full;
            newest.Used = chain.Used;
            newest.Count = chain.Count;
            newest.MinTime = chain.MinTime;
            newest.MaxTime = chain.MaxTime;
            _log.Wrote(chain.Block, 0, HotBlock.HeaderBytes);
            olderMaxTime = Math.Max(newest.OlderMaxTime, chain.MaxTime);
            log2 = HotBlock.NextLog2(chain.CapacityLog2, rowsAt + firstRowBytes);
        }

        var offset = _log.Allocate(1 << log2, out var block);
        *(HotBlockHeader*)block = new HotBlockHeader
        {
            Previous = chain.Block,
            OlderMaxTime = olderMaxTime,
            RecordBytes = (ushort)recordBytes,
            CapacityLog2 = (byte)log2,
            Kind = kind,
        };
        chain = new HotChain { Block = offset, Used = (ushort)rowsAt, CapacityLog2 = (byte)log2, MaxTime = olderMaxTime };
        return block;
    }
}

using System.Threading.Channels;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Client.Feed;

/// <summary>
/// Feeds events to a server over the binary protocol: gathers them in batches, keeps every batch until it is acknowledged,
/// and connects and sends again by itself. One producer thread adds events at a time; the rest is in the background.
/// </summary>
/// <remarks>
/// Events carry this client's own numbers of names: <see cref="Instrument"/>, <see cref="DeclareSource"/>,
/// <see cref="Venue"/>, <see cref="Channel"/>. A refusal that trying again cannot help ends the client; it is thrown by
/// the next call.
/// </remarks>
public sealed class FeedClient : IAsyncDisposable
{
    // No row, extension and trailer is longer than this.
    private const int RowBytesMax = GridLimits.EventRowBytesMax + GridLimits.EventExtensionBytesMax + 64;

    private readonly FeedClientOptions _options;
    private readonly TimeProvider _time;
    private readonly FeedDictionary _dictionary = new();
    private readonly BatchWindow _window;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    // Wakes the sender; one signal stands for any number of causes.
    private readonly Channel<bool> _wake = System.Threading.Channels.Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // Guards the encoder, which the producer and the linger timer share.
    private readonly Lock _encoding = new();
    private readonly EventBatchEncoder _encoder = new();
    private readonly ITimer? _linger;
    private readonly int _batchEvents;
    private readonly int _batchBytes;

    private FeedClient(FeedClientOptions options, TimeProvider time, ulong epoch, FeedLink link)
    {
        _options = options;
        _time = time;
        Epoch = epoch;
        LastDurableBatch = link.LastDurableBatch;
        _batchEvents = Math.Min(options.BatchEvents, link.Welcome.BatchEventsMax);
        _batchBytes = link.Welcome.PayloadBytesMax - RowBytesMax;
        _window = new BatchWindow(options.OutstandingBatches, link.LastDurableBatch, link.Welcome.OutstandingBatchesMax);
        _linger = options.Linger == TimeSpan.Zero
            ? null
            : time.CreateTimer(static c => ((FeedClient)c!).LingerIsOver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _running = Task.Run(() => RunAsync(link));
    }

    /// <summary>The epoch in use. It grows if the server lost batches that it had only acknowledged as received.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>The last batch of the epoch that the server had when this client first connected; 0 if none. Batches go on after it.</summary>
    public ulong LastDurableBatch { get; }

    /// <summary>What was sent and what became of it.</summary>
    public FeedTotals Totals => _window.Totals;

    /// <summary>Connects once; a server that cannot be reached is an error, not waited for.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="GridException">Unreachable, or the server's refusal.</exception>
    public static async Task<FeedClient> ConnectAsync(FeedClientOptions options, TimeProvider? time = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var clock = time ?? TimeProvider.System;
        var epoch = options.Epoch != 0 ? options.Epoch : (ulong)UnixNanos.From(clock.GetUtcNow()).Value;
        var link = await FeedLink.OpenAsync(options, epoch, clock, cancel);
        return new FeedClient(options, clock, epoch, link);
    }

    /// <summary>This client's number of a name, given at its first use.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or there are too many.</exception>
    public int GetOrAdd(NameKind kind, ReadOnlySpan<byte> name) => _dictionary.Names[kind].GetOrAdd(name);

    /// <summary>This client's number of a symbol.</summary>
    /// <exception cref="ArgumentException">The symbol breaks <see cref="NameRules"/>, or there are too many.</exception>
    public InstrumentId Instrument(ReadOnlySpan<byte> symbol) => new((uint)GetOrAdd(NameKind.Instrument, symbol));

    /// <summary>This client's number of a place of execution.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or there are too many.</exception>
    public VenueId Venue(ReadOnlySpan<byte> name) => new((ushort)GetOrAdd(NameKind.Venue, name));

    /// <summary>This client's number of a channel.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>, or there are too many.</exception>
    public ChannelId Channel(ReadOnlySpan<byte> name) => new((uint)GetOrAdd(NameKind.Channel, name));

    /// <summary>Declares a source, which must be done before its first event, and gives this client's number of it.</summary>
    /// <exception cref="ArgumentException">The name breaks its rule, or the source was declared here with other properties.</exception>
    public SourceId DeclareSource(SourceDeclaration source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var number = _dictionary.Names.Sources.GetOrAdd(source.Name);
        _dictionary.Declare(source);
        _wake.Writer.TryWrite(true);
        return new SourceId((ushort)number);
    }

    /// <summary>Adds an event of a kind without a wider part; false if that has to wait for acknowledgements (<see cref="FlushAsync"/> waits).</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public bool TryAdd(in MarketEvent e)
    {
        lock (_encoding)
        {
            if (!HasRoom())
            {
                return false;
            }

            _encoder.Add(in e);
            Added(_encoder.Count - 1);
            return true;
        }
    }

    /// <summary>Adds a run, whatever kind the event says; false if that has to wait.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public bool TryAdd(in MarketEvent e, in RunDetail run)
    {
        lock (_encoding)
        {
            if (!HasRoom())
            {
                return false;
            }

            var typed = e;
            typed.Kind = EventKind.Run;
            _encoder.Add(in typed, in run);
            Added(_encoder.Count - 1);
            return true;
        }
    }

    /// <summary>Adds a definition, whatever kind the event says; false if that has to wait.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public bool TryAdd(in MarketEvent e, InstrumentDefinition definition)
    {
        lock (_encoding)
        {
            if (!HasRoom())
            {
                return false;
            }

            var typed = e;
            typed.Kind = EventKind.Definition;
            _encoder.Add(in typed, definition);
            Added(_encoder.Count - 1);
            return true;
        }
    }

    /// <summary>Adds as many events as do not have to wait and gives their number. The fastest way in.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public int TryAdd(ReadOnlySpan<MarketEvent> events)
    {
        lock (_encoding)
        {
            var added = 0;
            while (added < events.Length && HasRoom())
            {
                var before = _encoder.Count;
                var part = events[added..Math.Min(events.Length, added + _batchEvents - _encoder.Count)];
                foreach (ref readonly var e in part)
                {
                    if (_encoder.Length > _batchBytes)
                    {
                        break;
                    }

                    _encoder.Add(in e);
                    added++;
                }

                Added(before);
            }

            return added;
        }
    }

    /// <summary>Adds an event, waiting for acknowledgements if too many batches are outstanding.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public ValueTask AddAsync(in MarketEvent e, CancellationToken cancel = default) => TryAdd(in e) ? ValueTask.CompletedTask : WaitAndAddAsync(e, cancel);

    /// <summary>Adds events, waiting for acknowledgements while too many batches are outstanding.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public async ValueTask AddAsync(ReadOnlyMemory<MarketEvent> events, CancellationToken cancel = default)
    {
        while (true)
        {
            events = events[TryAdd(events.Span)..];
            if (events.IsEmpty)
            {
                return;
            }

            await _window.WaitForRoomAsync(cancel);
        }
    }

    /// <summary>Closes the batch, full or not, and hands it to the sender; waits for room, not for its acknowledgement.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public async ValueTask FlushAsync(CancellationToken cancel = default)
    {
        while (!TryFlush())
        {
            await _window.WaitForRoomAsync(cancel);
        }
    }

    /// <summary>Flushes and waits until everything is acknowledged.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public async Task<FeedTotals> DrainAsync(CancellationToken cancel = default)
    {
        await FlushAsync(cancel);
        await _window.WaitForAllAsync(cancel);
        return Totals;
    }

    /// <summary>Says Bye and closes. What is not acknowledged by then may or may not have arrived: <see cref="DrainAsync"/> first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        await _running;
        if (_linger is not null)
        {
            await _linger.DisposeAsync();
        }

        _window.Fail(new GridException(GridErrorCode.Stopping, "the client is closed"));
        _stop.Dispose();
    }

    private async ValueTask WaitAndAddAsync(MarketEvent e, CancellationToken cancel)
    {
        do
        {
            await _window.WaitForRoomAsync(cancel);
        }
        while (!TryAdd(in e));
    }

    private bool IsFull => _encoder.Count >= _batchEvents || _encoder.Length > _batchBytes;

    private bool HasRoom() => !IsFull || TryClose();

    private void Added(int countBefore)
    {
        // A full batch that cannot be closed yet is closed by the next call, or by the timer.
        if ((!IsFull || !TryClose()) && countBefore == 0)
        {
            _linger?.Change(_options.Linger, Timeout.InfiniteTimeSpan);
        }
    }

    private bool TryFlush()
    {
        lock (_encoding)
        {
            return _encoder.Count == 0 || TryClose();
        }
    }

    // Under _encoding. False if as many batches are retained as may be.
    private bool TryClose()
    {
        if (!_window.HasRoom)
        {
            return false;
        }

        _window.Add(new RetainedBatch(_encoder, _dictionary.Size));
        _encoder.Clear();
        _wake.Writer.TryWrite(true);
        return true;
    }

    private void LingerIsOver()
    {
        try
        {
            if (!TryFlush())
            {
                _linger?.Change(_options.Linger, Timeout.InfiniteTimeSpan);
            }
        }
        catch (GridException)
        {
            // The producer's next call says it.
        }
        catch (ObjectDisposedException)
        {
            // The client is closed.
        }
    }

    private async Task RunAsync(FeedLink link)
    {
        var reconnection = new Reconnection(_options, _time, _window);
        try
        {
            while (true)
            {
                reconnection.Connected();
                var reason = await link.RunAsync(_window, _dictionary, _wake, _stop.Token);
                if (reason is null)
                {
                    await link.SayByeAsync();
                    await link.DisposeAsync();
                    return;
                }

                await link.DisposeAsync();
                (link, Epoch) = await reconnection.ConnectAsync(reason, Epoch, _stop.Token);
                _wake.Writer.TryWrite(true);
            }
        }
        catch (OperationCanceledException)
        {
            // The client is being closed.
        }
        catch (GridException failure)
        {
            _window.Fail(failure);
        }
    }
}

using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Gateway.Rows;

namespace Grid.Gateway.Publishing;

/// <summary>
/// Events of one request on their way into the grid, in order. Names are numbered first, then events are added, and the batch
/// is flushed when it is full and at the end. Used by one caller at a time.
/// </summary>
internal sealed class Publication : IAsyncDisposable
{
    private readonly EventPublisher _publisher;
    private readonly PublisherSlot _slot;
    private readonly PublisherFeed _feed;
    private readonly EventBatchEncoder _encoder;
    private readonly PublicationTerms _terms;
    private readonly OutcomeCounts? _before;

    // Sources that this publication met, by number. A new one is declared before the first batch that has events of it.
    private readonly List<SourceUse> _sources = [];
    private int _undeclared;

    // The source that was allowed last: rows mostly share theirs.
    private byte[] _allowed = [];
    private bool _isLeft;

    internal Publication(EventPublisher publisher, PublisherSlot slot, PublisherFeed feed, PublicationTerms terms)
    {
        _publisher = publisher;
        _slot = slot;
        _feed = feed;
        _encoder = slot.Encoder;
        _encoder.Clear();
        _terms = terms;
        if (terms.AwaitsOutcomes)
        {
            _before = new OutcomeCounts();
            feed.AddCountsTo(_before);
        }
    }

    /// <summary>Events added so far.</summary>
    public long Events { get; private set; }

    /// <summary>True if the batch should be flushed before more is added.</summary>
    public bool IsFull => _encoder.IsFull;

    /// <summary>True if events of a source may be added. Asked before the source is numbered, so that one that may not leaves no trace.</summary>
    public bool MayWrite(ReadOnlySpan<byte> source)
    {
        if (_terms.Caller.MayWriteAll || (_allowed.Length > 0 && source.SequenceEqual(_allowed)))
        {
            return true;
        }

        Span<char> text = stackalloc char[GridLimits.NameBytesMax];
        if (!_terms.Caller.MayWrite(text[..Encoding.Latin1.GetChars(source, text)]))
        {
            return false;
        }

        _allowed = source.ToArray();
        return true;
    }

    /// <summary>What is told of a row whose source may not be written.</summary>
    public RowFault MayNotWrite(string source) => new(_terms.Caller.MayNotWrite(source), "source", source) { Code = GridErrorCode.Forbidden };

    /// <summary>The number of a name, for events of this publication alone.</summary>
    /// <exception cref="GridException">BadName, or TooLarge if there are too many.</exception>
    public int NumberOf(NameKind kind, ReadOnlySpan<byte> name)
    {
        var number = _feed.NumberOf(kind, name);
        if (kind == NameKind.Source && (_sources.Count == 0 || _sources[^1].Number != number))
        {
            MeetSource(number, name);
        }

        return number;
    }

    /// <summary>Adds an event without a wider part.</summary>
    public void Add(in MarketEvent e)
    {
        BeforeAdding(in e);
        _encoder.Add(in e);
    }

    /// <summary>Adds a run.</summary>
    public void Add(in MarketEvent e, in RunDetail run)
    {
        BeforeAdding(in e);
        _encoder.Add(in e, in run);
    }

    /// <summary>Adds a definition.</summary>
    public void Add(in MarketEvent e, InstrumentDefinition definition)
    {
        BeforeAdding(in e);
        _encoder.Add(in e, definition);
    }

    /// <summary>Hands over what was added; waits while the grid is full. What has an identity is handed over whole, at the end.</summary>
    /// <exception cref="GridException">SourceDiffers, StorageFailed, Stopping and what else a grid refuses.</exception>
    public ValueTask FlushAsync(CancellationToken cancel) => _terms.Batch is null && _encoder.Count > 0 ? SubmitAsync(_feed.LastBatch + 1, cancel) : default;

    /// <summary>Hands over the rest, waits until all is durable and applied, and tells what became of it.</summary>
    /// <exception cref="GridException">As <see cref="FlushAsync"/>, and what refuses a batch number.</exception>
    public async Task<PublishedCounts> CompleteAsync(CancellationToken cancel)
    {
        if (_encoder.Count > 0)
        {
            await SubmitAsync(_terms.Batch?.Batch ?? _feed.LastBatch + 1, cancel).ConfigureAwait(false);
        }

        if (_before is null || Events == 0)
        {
            return PublishedCounts.None;
        }

        // Handed over once, it is waited for, whether or not the client still does.
        await _feed.WaitAsync().ConfigureAwait(false);
        var after = new OutcomeCounts();
        _feed.AddCountsTo(after);
        return PublishedCounts.Between(_before, after);
    }

    /// <summary>Gives the feed back once nothing of this publication is on its way.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isLeft)
        {
            return;
        }

        _isLeft = true;
        try
        {
            if (_terms.AwaitsOutcomes)
            {
                await _feed.WaitAsync().ConfigureAwait(false);
            }
        }
        catch (GridException)
        {
            // The feed is broken; whoever has the slot next opens another.
        }
        finally
        {
            await _publisher.ReturnAsync(_slot, _feed, _terms).ConfigureAwait(false);
        }
    }

    private void BeforeAdding(in MarketEvent e)
    {
        if (_terms.Batch is not null && _encoder.IsFull)
        {
            throw new GridException(
                GridErrorCode.TooLarge,
                $"a request with a batch number has at most {GridLimits.BatchEventsMax} events and {GridLimits.BatchBytesMax} bytes once they are encoded; send it as several");
        }

        Events++;
        if (_undeclared > 0)
        {
            NoteFirstEvent(in e);
        }
    }

    private void MeetSource(int number, ReadOnlySpan<byte> name)
    {
        var at = _sources.FindIndex(s => s.Number == number);
        if (at < 0)
        {
            _sources.Add(new SourceUse(number, Encoding.ASCII.GetString(name)));
            _undeclared++;
            return;
        }

        // The last one is found without a search.
        (_sources[at], _sources[^1]) = (_sources[^1], _sources[at]);
    }

    private void NoteFirstEvent(in MarketEvent e)
    {
        foreach (var source in _sources)
        {
            if (source.Number == e.Source.Value && !source.HasEvents)
            {
                source.HasEvents = true;
                source.HasSequence = e.Sequence != 0;
            }
        }
    }

    private async ValueTask SubmitAsync(ulong batch, CancellationToken cancel)
    {
        if (_undeclared > 0)
        {
            await DeclareAsync(cancel).ConfigureAwait(false);
        }

        await _feed.SubmitAsync(batch, _encoder.FinishMemory(), cancel).ConfigureAwait(false);
        _encoder.Clear();
    }

    private async ValueTask DeclareAsync(CancellationToken cancel)
    {
        foreach (var source in _sources.Where(s => s.HasEvents && !s.IsDeclared))
        {
            await _feed.DeclareAsync(
                source.Number, source.Name, _terms.Policy, source.HasSequence ? DedupPolicy.Sequence : DedupPolicy.None, cancel).ConfigureAwait(false);
            source.IsDeclared = true;
            _undeclared--;
        }
    }

    private sealed class SourceUse(int number, string name)
    {
        public int Number => number;

        public string Name => name;

        public bool HasEvents { get; set; }

        public bool HasSequence { get; set; }

        public bool IsDeclared { get; set; }
    }
}

using Grid.Storage;

namespace Grid.Runtime.Postgres;

/// <content>Claiming the database, and finding the place in the journal where it stands.</content>
internal sealed partial class PostgresPump
{
    private async Task ClaimAsync(CancellationToken cancel)
    {
        var position = await _writer.ClaimAsync(_engine.Journal.LastLsn, cancel).ConfigureAwait(false);
        Volatile.Write(ref _lastError, null);
        _collector.Begin(position.Times);
        _tail = OpenTail();
        await _engine.CommittedAsync(_writer.CommittedLsn, position.Producers).ConfigureAwait(false);
        _isClaimed = true;
        _states.Begin(position.Saved);
        LogClaimed(_writer.Epoch, _writer.CommittedLsn);
        if (_writer.CommittedLsn == 0 && _engine.Journal.Segments()[0].FirstLsn is > 1 and var first)
        {
            LogBegins(first);
        }
    }

    private JournalTail OpenTail()
    {
        var after = _writer.CommittedLsn;
        try
        {
            var tail = new JournalTail(_data.Journal, _engine.Image.Names, after);
            Owed.SetFound(after, _data.Journal);
            return tail;
        }
        catch (GridStorageException e) when (_options.AcceptMissing && after > 0)
        {
            LogMissing(e, after);
            var first = _engine.Journal.Segments()[0].FirstLsn - 1;
            Owed.SetFound(first, _data.Journal);
            return new JournalTail(_data.Journal, _engine.Image.Names, 0);
        }
        catch (GridStorageException e)
        {
            throw new GridStorageException(
                $"the database holds this grid's journal up to frame {after}, and what follows cannot be read: {e.Message} "
                + "Go on without what is missing with the option Postgres:AcceptMissing", innerException: e);
        }
    }
}

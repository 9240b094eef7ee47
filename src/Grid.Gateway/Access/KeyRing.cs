using System.Collections.Concurrent;
using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>
/// The keys that hold now, read again when the key file changes, and the leases that depend on them. What was once a server
/// with keys never becomes one without: an emptied, removed or damaged file leaves the last good keys or none, but never
/// an open door.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly AuditLog _audit;
    private readonly ITimer? _poll;
    private readonly ConcurrentDictionary<AccessLease, byte> _leases = new();

    // One poll at a time; guards _stamp.
    private readonly Lock _polling = new();
    private FileStamp _stamp;

    private volatile KeyTable _table;
    private volatile bool _asksForKeys;

    /// <summary>Reads the file and watches it.</summary>
    /// <param name="path">The key file; null for a server without keys.</param>
    /// <param name="pollEvery">How often the file is looked at.</param>
    /// <param name="time">The clock.</param>
    /// <param name="audit">Is told of changes.</param>
    /// <exception cref="IOException">The file is damaged or cannot be read.</exception>
    public KeyRing(string? path, TimeSpan pollEvery, TimeProvider time, AuditLog audit)
    {
        _path = path;
        _time = time;
        _audit = audit;
        if (path is null)
        {
            _table = new KeyTable([], null, time);
            return;
        }

        _stamp = FileStamp.Of(path);
        var keys = KeyFile.Read(path);
        _table = new KeyTable(keys, null, time);
        _asksForKeys = keys.Count > 0;
        audit.KeysRead(keys.Count);
        _poll = time.CreateTimer(static r => ((KeyRing)r!).Poll(), this, pollEvery, pollEvery);
    }

    /// <summary>True from the first key on, revoked ones included.</summary>
    public bool AsksForKeys => _asksForKeys;

    public KeyTable Table => _table;

    /// <summary>A lease for something that lasts.</summary>
    public AccessLease Lease(Caller caller)
    {
        var lease = new AccessLease(caller, l => _leases.TryRemove(l, out _));
        _leases[lease] = 0;

        // The keys may have changed since the caller was let in.
        Renew(lease);
        return lease;
    }

    public void Dispose() => _poll?.Dispose();

    private void Poll()
    {
        lock (_polling)
        {
            var stamp = FileStamp.Of(_path!);
            if (stamp != _stamp)
            {
                // Also after a failure: a damaged file is told of once, and read again when it changes again.
                _stamp = stamp;
                ReadAgain(stamp);
            }
        }

        foreach (var (lease, _) in _leases)
        {
            Renew(lease);
        }
    }

    private void ReadAgain(FileStamp stamp)
    {
        try
        {
            if (!stamp.Exists)
            {
                throw new IOException($"key file '{_path}' is gone");
            }

            var before = _table;
            var after = new KeyTable(KeyFile.Read(_path!), before, _time);
            _asksForKeys |= after.Keys.Count > 0;
            _table = after;
            _audit.KeysChanged(before, after);
        }
        catch (IOException e)
        {
            _audit.KeysUnreadable(e.Message);
        }
    }

    private void Renew(AccessLease lease)
    {
        var reason = ReasonToEnd(lease.Caller);
        if (reason is not null)
        {
            lease.End(new GridException(GridErrorCode.Unauthorized, reason));
        }
    }

    private string? ReasonToEnd(Caller caller)
    {
        if (!_asksForKeys)
        {
            return null;
        }

        if (caller == Caller.Anyone)
        {
            return "this server asks for a key from now on";
        }

        if (_table.Find(caller.KeyId) is not { } entry)
        {
            return $"key '{caller.KeyId}' was removed";
        }

        return entry.StateAt(_time.GetUtcNow()) switch
        {
            AccessAnswer.Revoked => $"key '{caller.KeyId}' was revoked",
            AccessAnswer.Expired => $"key '{caller.KeyId}' expired",
            _ => entry.Caller.IsAs(caller) ? null : $"key '{caller.KeyId}' has another role or other sources now; connect again",
        };
    }
}

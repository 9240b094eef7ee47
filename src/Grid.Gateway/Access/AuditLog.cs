using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Access;

/// <summary>
/// The log <c>Grid.Audit</c>: who did what an admin may, who was refused, which keys changed. Refusals are written one a
/// second after a first few, with the number of those left out, so that strangers cannot fill the disk.
/// </summary>
internal sealed partial class AuditLog
{
    /// <summary>The logger's name.</summary>
    public const string Category = "Grid.Audit";

    private const int RefusalsAtOnce = 60;
    private const int NamesShownMax = 20;

    private readonly ILogger _log;
    private readonly TokenBucket _refusals;
    private long _leftOut;

    public AuditLog(ILoggerFactory logs, TimeProvider time)
    {
        _log = logs.CreateLogger(Category);
        _refusals = new TokenBucket(time, TimeSpan.FromSeconds(1), RefusalsAtOnce);
    }

    public void Did(string keyId, string peer, string action, string result) => Did(_log, keyId, peer, action, result);

    public void Refused(string keyId, string peer, string action, AccessAnswer answer)
    {
        if (_refusals.TryTake(out _))
        {
            Refused(_log, keyId, peer, action, answer, Interlocked.Exchange(ref _leftOut, 0));
        }
        else
        {
            Interlocked.Increment(ref _leftOut);
        }
    }

    public void KeysRead(int count) => KeysRead(_log, count);

    public void KeysUnreadable(string reason) => KeysUnreadable(_log, reason);

    public void KeysChanged(KeyTable before, KeyTable after)
    {
        var added = after.Keys.Where(k => before.Find(k.Record.Id) is null);
        var removed = before.Keys.Where(k => after.Find(k.Record.Id) is null);
        var revoked = after.Keys.Where(k => k.Record.Revoked is not null && before.Find(k.Record.Id) is not { Record.Revoked: not null });
        var changed = after.Keys.Where(k => before.Find(k.Record.Id) is { } old && (!old.Caller.IsAs(k.Caller) || old.Record.Expires != k.Record.Expires));
        KeysChanged(_log, after.Keys.Count, Names(added), Names(revoked), Names(removed), Names(changed));
    }

    private static string Names(IEnumerable<KeyEntry> keys)
    {
        var ids = keys.Select(k => k.Record.Id).ToList();
        return ids.Count == 0 ? "none" : string.Join(' ', ids.Take(NamesShownMax)) + (ids.Count > NamesShownMax ? $" and {ids.Count - NamesShownMax} others" : string.Empty);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "key {KeyId} from {Peer}: {Action}: {Result}")]
    private static partial void Did(ILogger log, string keyId, string peer, string action, string result);

    [LoggerMessage(Level = LogLevel.Warning, Message = "refused key {KeyId} from {Peer}: {Action}: {Answer}; {LeftOut} refusals before this one were not written")]
    private static partial void Refused(ILogger log, string keyId, string peer, string action, AccessAnswer answer, long leftOut);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} keys were read; without any, nobody is asked for one")]
    private static partial void KeysRead(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} keys hold now. Added: {Added}. Revoked: {Revoked}. Removed: {Removed}. Changed: {Changed}")]
    private static partial void KeysChanged(ILogger log, int count, string added, string revoked, string removed, string changed);

    [LoggerMessage(Level = LogLevel.Error, Message = "the keys stay as they were: {Reason}")]
    private static partial void KeysUnreadable(ILogger log, string reason);
}

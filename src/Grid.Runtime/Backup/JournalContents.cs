using Grid.Domain.Identifiers;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>What a journal that nobody writes to spans, every frame of it having been read.</summary>
/// <param name="FirstLsn">Its first frame; 0 if it has no segment.</param>
/// <param name="LastLsn">Its last frame.</param>
/// <param name="FirstReceived">When the first batch in it was received; null if there is none.</param>
/// <param name="LastReceived">When the last batch in it was received.</param>
internal sealed record JournalContents(ulong FirstLsn, ulong LastLsn, UnixNanos? FirstReceived, UnixNanos? LastReceived)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="GridStorageException">Something in it is damaged or missing, or it ends torn: names the first place.</exception>
    public static JournalContents Read(IJournalDirectory journal, CancellationToken cancel)
    {
        var report = JournalVerifier.Verify(journal);
        if (!report.IsHealthy)
        {
            throw new GridStorageException(report.Problems[0]);
        }

        if (report.TornEnd is { } torn)
        {
            throw new GridStorageException(torn.ToString());
        }

        UnixNanos? first = null;
        UnixNanos? last = null;
        using var reader = new JournalReader(journal);
        while (reader.TryRead(out var frame))
        {
            if (frame.Type == JournalFrameType.Input)
            {
                cancel.ThrowIfCancellationRequested();
                InputFrame.Read(frame.Payload, frame.Lsn, out var head);
                first ??= head.ReceivedAt;
                last = head.ReceivedAt;
            }
        }

        return report.Segments.Count == 0
            ? new JournalContents(0, 0, null, null)
            : new JournalContents(report.Segments[0].FirstLsn, report.Segments[^1].LastLsn, first, last);
    }

    /// <summary>The same as a manifest has it.</summary>
    public BackupJournal ToManifest() => new(FirstLsn, LastLsn, FirstReceived?.ToString(), LastReceived?.ToString());
}

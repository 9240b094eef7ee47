using Grid.Domain.Identifiers;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>
/// The place in a journal where a time is: behind the last batch received at or before it. What was decided of the batches up to
/// there stays decided, also where it was journaled behind batches that go.
/// </summary>
/// <param name="LastInput">The frame of that batch.</param>
/// <param name="ReceivedAt">When it was received.</param>
/// <param name="Outcomes">What was decided of batches up to it, in frames behind it.</param>
/// <param name="FirstGone">The frame of the first batch that goes; null if none does.</param>
internal sealed record PointInTime(ulong LastInput, UnixNanos ReceivedAt, IReadOnlyList<(JournalFrameType Type, byte[] Payload)> Outcomes, ulong? FirstGone)
{
    /// <summary>True if no batch follows: then nothing has to go.</summary>
    public bool IsEnd => FirstGone is null;

    /// <summary>Finds it in a journal that nobody writes to.</summary>
    /// <exception cref="GridStorageException">The journal has no batch so old, or is damaged.</exception>
    public static PointInTime Find(IJournalDirectory journal, UnixNanos until, CancellationToken cancel)
    {
        (ulong Lsn, UnixNanos At)? last = null;
        UnixNanos? oldest = null;
        ulong? gone = null;
        var outcomes = new List<(JournalFrameType, byte[])>();
        using var reader = new JournalReader(journal);
        while (reader.TryRead(out var frame))
        {
            if (frame.Type == JournalFrameType.Input)
            {
                cancel.ThrowIfCancellationRequested();
                InputFrame.Read(frame.Payload, frame.Lsn, out var head);
                oldest ??= head.ReceivedAt;
                if (head.ReceivedAt <= until)
                {
                    last = (frame.Lsn, head.ReceivedAt);
                    gone = null;
                    outcomes.Clear();
                }
                else
                {
                    gone ??= frame.Lsn;
                }
            }
            else if (frame.Type == JournalFrameType.Outcomes && last is { } found && OutcomeFrame.InputLsn(frame.Payload, frame.Lsn) <= found.Lsn)
            {
                outcomes.Add((frame.Type, frame.Payload.ToArray()));
            }
        }

        return last is { } point
            ? new PointInTime(point.Lsn, point.At, outcomes, gone)
            : throw new GridStorageException(oldest is { } first
                ? $"nothing was received at or before {until}: the first batch in the journal is of {first}"
                : $"the journal in '{journal.Path}' has no batch");
    }

    /// <summary>Ends the journal there; gives its last frame.</summary>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public ulong Cut(IJournalDirectory journal) => JournalTrim.EndAt(journal, LastInput, Outcomes);
}

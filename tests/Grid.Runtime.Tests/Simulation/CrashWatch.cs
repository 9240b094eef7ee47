using Grid.Storage.Journal;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>Tells which points of a <see cref="CrashPlan"/> the operations on the disk pass.</summary>
/// <param name="plan">The plan.</param>
/// <param name="isFlushingForAcknowledgement">True while a flush of the journal would tell somebody that a batch is safe.</param>
internal sealed class CrashWatch(CrashPlan plan, Func<bool> isFlushingForAcknowledgement)
{
    private DiskOperation _lastOfFolder;

    /// <summary>True while a grid is being recovered: all that is done then is one point.</summary>
    public bool IsRecovering { get; set; }

    /// <summary>Notes an operation; a <see cref="DiskWatch"/>.</summary>
    public void Note(string folder, string name, DiskOperation operation, bool isDone)
    {
        if (plan.IsPowerOff)
        {
            return;
        }

        if (IsRecovering)
        {
            Pass(CrashPoint.DuringRecovery, isDone);
            return;
        }

        if (folder == JournalFormat.FolderName)
        {
            NoteJournal(name, operation, isDone);
        }
        else
        {
            NoteSnapshots(name, operation, isDone);
        }

        _lastOfFolder = operation is DiskOperation.Rename or DiskOperation.Delete && isDone ? operation : _lastOfFolder;
    }

    private void NoteJournal(string name, DiskOperation operation, bool isDone)
    {
        var isSegment = !JournalDirectoryExtensions.IsTemporary(name);
        switch (operation)
        {
            case DiskOperation.FlushFile:
                Pass(CrashPoint.DuringFlush, isSegment && !isDone);
                Pass(CrashPoint.AfterFlushBeforeAcknowledgement, isSegment && isDone && isFlushingForAcknowledgement());
                break;
            case DiskOperation.Create:
                Pass(CrashPoint.DuringSegmentRoll, true);
                break;
            case DiskOperation.Rename:
                Pass(CrashPoint.DuringSegmentRoll, isDone);
                break;
            case DiskOperation.Delete:
                Pass(isDone ? CrashPoint.DuringSegmentDelete : CrashPoint.BeforeSegmentDelete, isSegment);
                break;
            case DiskOperation.FlushFolder:
                Pass(CrashPoint.AfterSegmentRoll, isDone && _lastOfFolder == DiskOperation.Rename);
                break;
        }
    }

    private void NoteSnapshots(string name, DiskOperation operation, bool isDone)
    {
        switch (operation)
        {
            case DiskOperation.Write:
                Pass(CrashPoint.DuringSnapshotWrite, isDone);
                break;
            case DiskOperation.Rename:
                Pass(isDone ? CrashPoint.DuringSnapshotPublish : CrashPoint.BeforeSnapshotPublish, true);
                break;
            case DiskOperation.Delete:
                Pass(CrashPoint.DuringSnapshotDelete, isDone && !JournalDirectoryExtensions.IsTemporary(name));
                break;
            case DiskOperation.FlushFolder:
                Pass(CrashPoint.AfterSnapshotPublish, isDone && _lastOfFolder == DiskOperation.Rename);
                break;
        }
    }

    private void Pass(CrashPoint point, bool isMeant)
    {
        if (isMeant)
        {
            plan.Pass(point);
        }
    }
}

using System.Globalization;

namespace Grid.Runtime;

/// <summary>Finds what keeps an engine from taking events in and making them durable.</summary>
internal sealed class Readiness(GridEngine engine, EmbeddedGridOptions options)
{
    /// <summary>A sentence for each trouble; none if the grid is ready.</summary>
    public IReadOnlyList<string> FindTroubles()
    {
        var troubles = new List<string>();
        if (engine.Failure.Exception is { } failure)
        {
            troubles.Add($"the grid stopped: {failure.GetBaseException().Message}");
        }
        else if (engine.Intake.IsStopping)
        {
            troubles.Add("the grid is stopping");
        }

        var waiting = engine.Intake.WaitingFor;
        if (waiting > options.StuckAfter)
        {
            troubles.Add(Text($"{engine.Intake.InFlight} batches are queued and none was finished for {waiting.TotalSeconds:F0} s; the limit is {options.StuckAfter.TotalSeconds:F0} s (option {nameof(options.StuckAfter)})"));
        }

        var flushing = engine.Intake.Latencies.FlushingFor;
        if (flushing > options.StuckAfter)
        {
            troubles.Add(Text($"the journal has been flushing for {flushing.TotalSeconds:F0} s; the limit is {options.StuckAfter.TotalSeconds:F0} s (option {nameof(options.StuckAfter)})"));
        }

        AddPostgres(troubles);
        AddArchive(troubles);
        if (FreeBytes(out var unknown) is var free && free < options.DiskFreeBytesMin)
        {
            troubles.Add(unknown is null
                ? Text($"the disk of '{options.DataFolder}' has {free} bytes left; at least {options.DiskFreeBytesMin} are wanted (option {nameof(options.DiskFreeBytesMin)})")
                : $"the disk of '{options.DataFolder}' cannot be asked for its room: {unknown}");
        }

        return troubles;
    }

    // While PostgreSQL is down the journal keeps what it is owed: that is no trouble before it is nearly all that may be.
    private void AddPostgres(List<string> troubles)
    {
        if (engine.Postgres is not { } postgres)
        {
            return;
        }

        var owed = engine.Intake.Owed;
        if (postgres.Ended is { } why)
        {
            troubles.Add($"nothing is written to PostgreSQL any more: {why}");
        }
        else if (owed.IsNearlyFull)
        {
            var status = postgres.GetStatus();
            troubles.Add(Text($"PostgreSQL is owed {status.LagBytes} bytes of the journal{(owed.IsFull ? ", and feeds wait" : string.Empty)}; at {owed.BytesMax} feeds wait (option {nameof(options.OwedBytesMax)}); its circuit is {status.Circuit}{(status.LastError is { } error ? $": {error}" : string.Empty)}"));
        }
    }

    private void AddArchive(List<string> troubles)
    {
        if (engine.Archive?.GetStatus() is not { } archive)
        {
            return;
        }

        var owed = engine.Intake.OwedToArchive;
        if (archive.Ended is { } why)
        {
            troubles.Add($"nothing is archived any more: {why}");
        }
        else if (owed.IsNearlyFull)
        {
            troubles.Add(Text($"the archive is owed {owed.Bytes} bytes of the journal{(owed.IsFull ? ", and feeds wait" : string.Empty)}; at {owed.BytesMax} feeds wait (option {nameof(options.OwedBytesMax)}){(archive.LastError is { } error ? $": {error}" : string.Empty)}"));
        }
    }

    private long FreeBytes(out string? unknown)
    {
        unknown = null;
        try
        {
            return new DriveInfo(Path.GetFullPath(options.DataFolder)).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            unknown = e.Message;
            return -1;
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

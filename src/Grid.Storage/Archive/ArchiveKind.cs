using Grid.Domain.Events;
using Grid.Domain.Validation;

namespace Grid.Storage.Archive;

/// <summary>What a file of the archive holds. Names of folders are part of the format.</summary>
public enum ArchiveKind
{
    /// <summary>Trades, as they were sent: cancels and corrections stand among the amendments.</summary>
    Trade = 0,

    /// <summary>Quotes.</summary>
    Quote = 1,

    /// <summary>Dealers' runs.</summary>
    Run = 2,

    /// <summary>Cancels and corrections.</summary>
    Amendment = 3,

    /// <summary>Definitions of instruments.</summary>
    Definition = 4,

    /// <summary>Rejected events of all kinds.</summary>
    Quarantine = 5,
}

/// <summary>Names and choice of <see cref="ArchiveKind"/>.</summary>
public static class ArchiveKinds
{
    private static readonly string[] Folders = ["trade", "quote", "run", "amendment", "definition", "quarantine"];

    /// <summary>The folder of a kind's files.</summary>
    public static string FolderOf(ArchiveKind kind) => Folders[(int)kind];

    /// <summary>The kind whose files a folder has; null if it is none.</summary>
    public static ArchiveKind? Of(string folder) => Array.IndexOf(Folders, folder) is >= 0 and var kind ? (ArchiveKind)kind : null;

    /// <summary>Where an event belongs; null for duplicates, which are counted only.</summary>
    public static ArchiveKind? Of(in MarketEvent e, Outcome outcome) => outcome.Disposition switch
    {
        Disposition.Duplicate => null,
        Disposition.Rejected => ArchiveKind.Quarantine,
        _ => e.Kind switch
        {
            EventKind.Trade => ArchiveKind.Trade,
            EventKind.Quote => ArchiveKind.Quote,
            EventKind.Run => ArchiveKind.Run,
            EventKind.Cancel or EventKind.Correct => ArchiveKind.Amendment,
            EventKind.Definition => ArchiveKind.Definition,
            _ => throw new ArgumentException($"an event of kind {e.Kind} has no place in the archive"),
        },
    };
}

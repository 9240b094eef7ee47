namespace Grid.Storage.Journal;

/// <summary>
/// A folder as storage sees it. Creating, renaming and deleting are durable only after <see cref="Flush"/>, and until
/// then may reach the disk in any order.
/// </summary>
/// <remarks>
/// Names are plain file names. Every operation throws <see cref="IOException"/> when the disk refuses. Files of one
/// directory may be used by different threads.
/// </remarks>
public interface IJournalDirectory
{
    /// <summary>Where the folder is, for messages.</summary>
    string Path { get; }

    /// <summary>Names of all files (not folders), in ordinal order.</summary>
    IReadOnlyList<string> List();

    /// <summary>True if there is a file of this name.</summary>
    bool Exists(string name);

    /// <summary>A new, empty file; one that existed under this name is refused.</summary>
    IJournalFile Create(string name);

    /// <summary>An existing file, for reading.</summary>
    IJournalFile OpenRead(string name);

    /// <summary>An existing file, for reading and writing.</summary>
    IJournalFile OpenWrite(string name);

    /// <summary>Gives a file another name, at once replacing what had it.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a file; none of this name is no error.</summary>
    void Delete(string name);

    /// <summary>Makes creations, renames and deletions durable.</summary>
    void Flush();

    /// <summary>A folder in this one, created durably if it is missing.</summary>
    IJournalDirectory Subdirectory(string name);

    /// <summary>
    /// Takes the named lock until the result is disposed or the process ends; null if somebody else has it, whose note
    /// (or "" if it cannot be read) is then in <paramref name="holder"/>.
    /// </summary>
    /// <param name="name">The lock's file, which stays behind.</param>
    /// <param name="note">What another one that is refused gets to read.</param>
    /// <param name="holder">The note of who has the lock; null if it was free.</param>
    IDisposable? TryLock(string name, string note, out string? holder);
}

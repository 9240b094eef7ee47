namespace Grid.Storage;

/// <summary>Broken or unavailable storage: a disk, a file, the database. The message says what, where, and what to do.</summary>
public sealed class GridStorageException : Exception
{
    /// <summary>A failure with its message and what caused it.</summary>
    /// <param name="message">What happened, where, and what a person can do about it.</param>
    /// <param name="isTransient">True if the same operation may succeed later with nobody doing anything.</param>
    /// <param name="innerException">The cause, if another exception told of it.</param>
    public GridStorageException(string message, bool isTransient = false, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    /// <summary>True if the same operation may succeed later with nobody doing anything.</summary>
    public bool IsTransient { get; }
}

using Grid.Domain.Events;

namespace Grid.Cli.Feeds;

/// <summary>A line that is not what its format says.</summary>
/// <param name="File">Where: path, and the entry if the file holds several.</param>
/// <param name="Line">Line number; the first is 1.</param>
/// <param name="Reason">One clause that names the value and the rule.</param>
internal sealed record MalformedLine(string File, long Line, string Reason);

/// <summary>Reads events out of files, in producer numbers, in the order in which they are to be sent.</summary>
internal abstract class EventReader : IDisposable
{
    /// <summary>Is told of each malformed line. The other lines stand.</summary>
    public Action<MalformedLine>? OnMalformed { get; init; }

    /// <summary>Events given out so far.</summary>
    public long EventsRead { get; protected set; }

    /// <summary>Malformed lines met so far.</summary>
    public long MalformedLines { get; private set; }

    /// <summary>Appends up to <paramref name="countMax"/> events to a batch and gives their number; 0 at the end of the files.</summary>
    /// <exception cref="CommandFailure">A file cannot be read.</exception>
    public abstract int Read(EventBatch batch, int countMax);

    public abstract void Dispose();

    protected void Malformed(string file, long line, string reason)
    {
        MalformedLines++;
        OnMalformed?.Invoke(new MalformedLine(file, line, reason));
    }
}

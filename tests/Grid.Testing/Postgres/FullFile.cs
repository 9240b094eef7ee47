namespace Grid.Testing.Postgres;

/// <summary>
/// A file of a server that stands on a full disk: the kernel answers each write with <c>ENOSPC</c>, as it is <c>/dev/full</c> for
/// a while. That needs no right that the server's user does not have. There is room again when this is disposed of.
/// </summary>
public sealed class FullFile : IDisposable
{
    private readonly string _path;
    private readonly string? _aside;

    internal FullFile(string path)
    {
        _path = path;
        if (File.Exists(path))
        {
            _aside = path + ".aside";
            File.Move(path, _aside);
        }

        File.CreateSymbolicLink(path, "/dev/full");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(_path);
        if (_aside is not null)
        {
            File.Move(_aside, _path);
        }
    }
}

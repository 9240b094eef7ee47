namespace Grid.Gateway.Access;

/// <summary>What tells that a file was replaced or written. Links are followed, as orchestrators replace what a link leads to.</summary>
internal readonly record struct FileStamp(bool Exists, long WrittenTicks, long Bytes)
{
    public static FileStamp Of(string path)
    {
        try
        {
            var file = new FileInfo(path);
            var target = file.LinkTarget is null ? file : (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return target.Exists ? new FileStamp(true, target.LastWriteTimeUtc.Ticks, target.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}

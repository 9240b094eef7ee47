using System.Text.Json;
using System.Text.Json.Serialization;
using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>
/// The file that holds the keys' hashes and rights: JSON, readable and writable by its owner alone. It is replaced by rename,
/// so a reader sees all of a change or nothing; writers take turns by a lock file beside it.
/// </summary>
public static class KeyFile
{
    /// <summary>The file's name in a data folder.</summary>
    public const string Name = "keys.json";

    private const int Version = 1;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What others must not be able to do. The group may read: that is how orchestrators hand files in.
    private const UnixFileMode Forbidden =
        UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PatienceMax = TimeSpan.FromSeconds(10);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        PropertyNameCaseInsensitive = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,

        // A date that is misspelled must not make a key that never expires.
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>All keys, revoked and expired ones too; none if there is no file.</summary>
    /// <exception cref="IOException">The file cannot be read, is damaged, or others may read or change it: one sentence that says which.</exception>
    public static IReadOnlyList<KeyRecord> Read(string path)
    {
        byte[] bytes;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            CheckMode(path, file);
            if (file.Length > GridLimits.KeyFileBytesMax)
            {
                throw new IOException($"key file '{path}' has {file.Length} bytes; at most {GridLimits.KeyFileBytesMax} are allowed");
            }

            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or EndOfStreamException)
        {
            throw new IOException($"key file '{path}' cannot be read: {e.Message}", e);
        }

        return Parse(path, bytes);
    }

    /// <summary>Changes the file's keys; the change sees what is there now, and nobody else changes it meanwhile.</summary>
    /// <exception cref="IOException">The file cannot be read or written, or another process is at it for too long.</exception>
    public static async Task ChangeAsync(string path, Func<IReadOnlyList<KeyRecord>, IReadOnlyList<KeyRecord>> change, TimeProvider time, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(time);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            await using var taken = await LockAsync(path, time, cancel).ConfigureAwait(false);
            var keys = change(Read(path));
            Check(path, keys);
            Write(path, JsonSerializer.SerializeToUtf8Bytes(new KeyFileContent { Version = Version, Keys = keys }, Json));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"key file '{path}' cannot be written: {e.Message}", e);
        }
    }

    private static async Task<FileStream> LockAsync(string path, TimeProvider time, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            try
            {
                return Create(path + ".lock", FileMode.OpenOrCreate);
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
            {
                if (time.GetElapsedTime(since) > PatienceMax)
                {
                    throw new IOException($"key file '{path}' is being changed by another process for more than {PatienceMax.TotalSeconds} s: {e.Message}", e);
                }
            }

            await Task.Delay(TryAgainAfter, time, cancel).ConfigureAwait(false);
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = Create(temporary, FileMode.CreateNew))
        {
            file.Write(bytes);
            file.WriteByte((byte)'\n');
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static FileStream Create(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return new FileStream(path, options);
    }

    private static void CheckMode(string path, FileStream file)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & Forbidden) != 0)
        {
            throw new IOException(
                $"key file '{path}' has the mode {Convert.ToString((int)mode, 8)}, so that others may read or change it; it must be 600 (chmod 600 does that)");
        }
    }

    private static IReadOnlyList<KeyRecord> Parse(string path, byte[] bytes)
    {
        KeyFileContent content;
        try
        {
            content = JsonSerializer.Deserialize<KeyFileContent>(bytes, Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new IOException($"key file '{path}' is damaged: {e.Message}", e);
        }

        if (content.Version != Version)
        {
            throw new IOException($"key file '{path}' has version {content.Version}; this grid reads version {Version}");
        }

        Check(path, content.Keys);
        return content.Keys;
    }

    private static void Check(string path, IReadOnlyList<KeyRecord> keys)
    {
        if (keys.Count > GridLimits.KeysMax)
        {
            throw new IOException($"key file '{path}' has {keys.Count} keys; at most {GridLimits.KeysMax} are allowed");
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        var certificates = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in keys)
        {
            var fault = key is null ? "a key is null"
                : key.Fault()
                ?? (!ids.Add(key.Id) ? $"key '{key.Id}' is there twice"
                : key.Certificate is { } certificate && !certificates.Add(certificate) ? $"key '{key.Id}': certificate '{certificate}' stands for another key too"
                : null);
            if (fault is not null)
            {
                throw new IOException($"key file '{path}': {fault}");
            }
        }
    }
}

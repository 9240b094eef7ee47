using Grid.Runtime.Backup;
using Grid.Storage;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Backup;

/// <summary>A backup of which something is not as it was: that is told with its place, and nothing is restored.</summary>
public sealed class BackupDamageTests : IAsyncDisposable
{
    private readonly BackupRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData("journal/*.journal")]
    [InlineData("snapshots/*.snapshot")]
    [InlineData("hot/shard-?/*.hot")]
    [InlineData("identity")]
    [InlineData("keys.json")]
    [InlineData("format")]
    public async Task Flipped_bit_cut_end_or_missing_file_is_found_in_every_kind_of_file(string pattern)
    {
        var backup = await MakeAsync();
        var path = Find(backup, pattern);
        var place = Path.GetRelativePath(backup, path);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        foreach (var at in (int[])[0, bytes.Length / 2, bytes.Length - 1])
        {
            bytes[at] ^= 0x20;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            bytes[at] ^= 0x20;
            await CheckRefusedAsync(backup, $"'{place}' is damaged: its SHA-256 is ");
        }

        await File.WriteAllBytesAsync(path, bytes[..^1], TestContext.Current.CancellationToken);
        await CheckRefusedAsync(backup, $"'{place}' has {bytes.Length - 1} bytes, where its manifest says {bytes.Length}");

        File.Delete(path);
        await CheckRefusedAsync(backup, $"it lacks '{place}'");

        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.True((await GridBackup.VerifyAsync(backup, TestContext.Current.CancellationToken)).Files > 0);
    }

    [Fact]
    public async Task Further_file_is_found()
    {
        var backup = await MakeAsync();
        await File.WriteAllTextAsync(Path.Combine(backup, "journal", "0000000000000099.journal"), "", TestContext.Current.CancellationToken);
        await CheckRefusedAsync(backup, "it holds 'journal/0000000000000099.journal', which its manifest does not name");
    }

    [Fact]
    public async Task Edited_manifest_is_found_and_so_is_one_that_says_what_is_not_so()
    {
        var backup = await MakeAsync();
        var path = Path.Combine(backup, "manifest.json");
        var text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await EditAsync(text.Replace("\"lastLsn\": ", "\"lastLsn\": 1", StringComparison.Ordinal), withHash: false);
        await CheckRefusedAsync(backup, "is damaged or was edited: its SHA-256 is not the one in manifest.sha256");

        await EditAsync(text.Replace("\"lastLsn\": ", "\"lastLsn\": 1", StringComparison.Ordinal), withHash: true);
        await CheckRefusedAsync(backup, "and not those that the manifest says");
        await EditAsync(text.Replace("\"path\": \"keys.json\"", "\"path\": \"../../keys.json\"", StringComparison.Ordinal), withHash: true);
        await CheckRefusedAsync(backup, "names '../../keys.json', which is no file of a backup");
        await EditAsync(text.Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal), withHash: true);
        await CheckRefusedAsync(backup, "has version 2; this grid reads up to version 1");
        await EditAsync(text.Replace("\"version\"", "\"vision\"", StringComparison.Ordinal), withHash: true);
        await CheckRefusedAsync(backup, "manifest.json' is damaged: ");

        File.Delete(path);
        await CheckRefusedAsync(backup, "is no backup: it has no manifest.json");

        async Task EditAsync(string changed, bool withHash)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(changed);
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            if (withHash)
            {
                await File.WriteAllBytesAsync(Path.Combine(backup, "manifest.sha256"), BackupManifest.HashLine(bytes), TestContext.Current.CancellationToken);
            }
        }
    }

    private async Task<string> MakeAsync()
    {
        var grid = await _rig.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "20", instrument: Msft));
            await grid.SnapshotAsync();
            await feed.SendAsync(Trade(2, "10:00:01", "11"));
        }

        await File.WriteAllTextAsync(_rig.Folder.PathOf("identity"), new string('a', 32) + "\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_rig.Folder.PathOf("keys.json"), "{ }", TestContext.Current.CancellationToken);
        return (await _rig.BackupAsync()).Path;
    }

    private async Task CheckRefusedAsync(string backup, string why)
    {
        Assert.Contains(why, (await Assert.ThrowsAsync<GridStorageException>(() => GridBackup.VerifyAsync(backup, TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        Assert.Contains(why, (await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));
    }

    private static string Find(string backup, string pattern)
    {
        var parts = pattern.Split('/');
        var folder = parts.Length < 2 ? backup : parts[..^1].Aggregate(backup, (at, part) => Directory.GetDirectories(at, part).First());
        return Directory.GetFiles(folder, parts[^1]).First();
    }
}

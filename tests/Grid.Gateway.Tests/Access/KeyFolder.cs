using Grid.Gateway.Access;
using Grid.Testing;

namespace Grid.Gateway.Tests.Access;

/// <summary>A key file of a test's own, a clock, and a gatekeeper over both.</summary>
internal sealed class KeyFolder : IDisposable
{
    private readonly TempFolder _folder = new();
    private Gatekeeper? _gatekeeper;

    public ManualTime Time { get; } = new();

    public RecordedLog Log { get; } = new();

    public string File => _folder.File(KeyFile.Name);

    public string Folder => _folder.Path;

    /// <summary>Reads the file at its first use.</summary>
    public Gatekeeper Gatekeeper => _gatekeeper ??= Gatekeeper.Start(new AccessOptions { KeyFile = File, FailuresPerMinuteMax = 20 }, Time, Log);

    /// <summary>Makes a key; the file is looked at again when the clock moves.</summary>
    public async Task<ApiKey> AddAsync(AccessRole role, Func<KeyRecord, KeyRecord>? change = null)
    {
        var key = ApiKey.Create();
        var record = new KeyRecord
        {
            Id = key.Id,
            Hash = KeyRecord.HashText(key),
            Role = role,
            Sources = role == AccessRole.Feed ? ["S*"] : [],
            Created = Time.GetUtcNow(),
        };
        await ChangeAsync(keys => [.. keys, change?.Invoke(record) ?? record]);
        return key;
    }

    public Task RevokeAsync(ApiKey key) =>
        ChangeAsync(keys => [.. keys.Select(k => k.Id == key.Id ? k with { Revoked = Time.GetUtcNow() } : k)]);

    public Task ChangeAsync(Func<IReadOnlyList<KeyRecord>, IReadOnlyList<KeyRecord>> change) => KeyFile.ChangeAsync(File, change, TimeProvider.System);

    /// <summary>Lets the time pass after which a change is seen.</summary>
    public void Pass() => Time.Advance(TimeSpan.FromSeconds(1));

    public void Dispose()
    {
        _gatekeeper?.Dispose();
        _folder.Dispose();
    }
}

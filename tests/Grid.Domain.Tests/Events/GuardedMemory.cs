using System.Runtime.InteropServices;

namespace Grid.Domain.Tests.Events;

/// <summary>Memory whose last byte is followed by a page that nobody may touch: reading past the end ends the process.</summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int ReadWrite = 3;
    private const int NoAccess = 0;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _start;
    private readonly int _usable;
    private readonly int _page = Environment.SystemPageSize;

    public GuardedMemory(int bytes)
    {
        _usable = (bytes + _page - 1) / _page * _page;
        _start = (byte*)Map(null, (nuint)(_usable + _page), ReadWrite, PrivateAnonymous, -1, 0);
        Assert.True(_start != (byte*)-1 && Protect(_start + _usable, (nuint)_page, NoAccess) == 0, $"error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>A copy that ends where the memory ends.</summary>
    public Span<byte> PutAtEnd(ReadOnlySpan<byte> bytes)
    {
        var target = new Span<byte>(_start + _usable - bytes.Length, bytes.Length);
        bytes.CopyTo(target);
        return target;
    }

    public void Dispose() => _ = Unmap(_start, (nuint)(_usable + _page));

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint length);
}

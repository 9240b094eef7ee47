using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Grid.Domain;

/// <summary>
/// Asks the processor to load memory that will be needed some events later. A hint only: it changes nothing, and a garbage
/// collection that moves the object meanwhile costs no more than the hint.
/// </summary>
public static unsafe class Fetch
{
    private const int LineBytes = 64;

    /// <summary>Loads the line that holds a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead<T>(in T value)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in value)));
        }
    }

    /// <summary>Loads the lines of a value and of what follows it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ahead<T>(in T value, int lines)
    {
        if (Sse.IsSupported)
        {
            var at = (byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in value));
            for (var i = 0; i < lines; i++)
            {
                Sse.Prefetch0(at + (i * LineBytes));
            }
        }
    }
}

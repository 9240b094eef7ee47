using System.Text;
using Grid.Domain.Validation;

namespace Grid.Gateway.Streams;

/// <summary>The names of reasons as bytes.</summary>
internal static class ReasonNames
{
    private static readonly byte[][] Names = Make();

    public static ReadOnlySpan<byte> Of(RejectReason reason) => Names[(int)reason & (Names.Length - 1)];

    // A reason has six bits.
    private static byte[][] Make()
    {
        var names = new byte[64][];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.ASCII.GetBytes(((RejectReason)i).ToString());
        }

        return names;
    }
}

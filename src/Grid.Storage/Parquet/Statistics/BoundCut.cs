using System.Text;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Statistics;

/// <summary>
/// Cuts long bounds of texts and bytes, so that statistics stay small: the lower one by leaving off its end, the upper one by that and by
/// going one up. Text stays valid UTF-8, or readers would stumble over it. Numbers are never cut.
/// </summary>
internal static class BoundCut
{
    /// <summary>A bound that is not above a value.</summary>
    public static byte[] Lower(ParquetColumn column, byte[] value, int bytesMax) =>
        MayCut(column, value, bytesMax) ? value[..CutLength(column, value, bytesMax)] : value;

    /// <summary>A bound that is not below a value: the value itself where no shorter one is above it.</summary>
    public static byte[] Upper(ParquetColumn column, byte[] value, int bytesMax)
    {
        if (!MayCut(column, value, bytesMax))
        {
            return value;
        }

        var cut = value.AsSpan(0, CutLength(column, value, bytesMax));
        return (IsText(column) ? NextText(cut) : NextBytes(cut)) ?? value;
    }

    private static bool MayCut(ParquetColumn column, byte[] value, int bytesMax) =>
        value.Length > bytesMax && ValueOrders.Of(column) == ValueOrder.Bytes;

    private static bool IsText(ParquetColumn column) => column.Logical.Kind is LogicalKind.String or LogicalKind.Enum or LogicalKind.Json;

    // Before a character, not within it. What is no UTF-8 is cut anywhere.
    private static int CutLength(ParquetColumn column, byte[] value, int bytesMax)
    {
        var length = bytesMax;
        while (IsText(column) && length > bytesMax - 4 && (value[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return (value[length] & 0xC0) == 0x80 ? bytesMax : length;
    }

    private static byte[]? NextBytes(ReadOnlySpan<byte> cut)
    {
        var last = cut.LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0)
        {
            return null;
        }

        var next = cut[..(last + 1)].ToArray();
        next[last]++;
        return next;
    }

    // The last character that has a next one of the same length goes one up, and what follows it is left off.
    private static byte[]? NextText(ReadOnlySpan<byte> cut)
    {
        Span<byte> encoded = stackalloc byte[4];
        while (!cut.IsEmpty)
        {
            if (Rune.DecodeLastFromUtf8(cut, out var rune, out var length) != System.Buffers.OperationStatus.Done)
            {
                return null;
            }

            var before = cut[..^length];
            var next = rune.Value == 0xD7FF ? 0xE000 : rune.Value + 1;
            if (Rune.TryCreate(next, out var above) && above.EncodeToUtf8(encoded) == length)
            {
                return [.. before, .. encoded[..length]];
            }

            cut = before;
        }

        return null;
    }
}

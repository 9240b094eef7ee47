using System.Text;
using Grid.Domain;

namespace Grid.Gateway.Rows;

/// <summary>What is wrong with a row.</summary>
/// <param name="Message">One clause that names the value and the rule.</param>
/// <param name="Field">The field that it is about, if it is about one.</param>
/// <param name="Value">The field's text, cut if it is long.</param>
/// <param name="Rule">What the value must be.</param>
public sealed record RowFault(string Message, string? Field = null, string? Value = null, string? Rule = null)
{
    private const int ValueBytesMax = 64;

    /// <summary>Byte of the line at which it is, from 1; null if that says nothing.</summary>
    public int? Column { get; init; }

    /// <summary>What kind of fault: malformed, unless the row is well formed and its source may not be written.</summary>
    public GridErrorCode Code { get; init; } = GridErrorCode.Malformed;

    /// <summary>A value that is not what its field holds.</summary>
    public static RowFault NotA(string field, ReadOnlySpan<byte> value, string rule)
    {
        var shown = Shown(value);
        return new RowFault($"{field} '{shown}' is not {rule}", field, shown, rule);
    }

    /// <summary>Text of the client as it may be shown: cut, and with a mark for every byte that is no UTF-8.</summary>
    public static string Shown(ReadOnlySpan<byte> text) =>
        text.Length > ValueBytesMax ? Encoding.UTF8.GetString(text[..ValueBytesMax]) + "…" : Encoding.UTF8.GetString(text);

    /// <summary>The clause.</summary>
    public override string ToString() => Message;
}

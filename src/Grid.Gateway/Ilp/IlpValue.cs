namespace Grid.Gateway.Ilp;

/// <summary>What a field's value is.</summary>
public enum IlpType : byte
{
    /// <summary>Decimal text, with point and exponent or without.</summary>
    Float,

    /// <summary>A whole number (suffix <c>i</c>).</summary>
    Integer,

    /// <summary>A whole number from 0 on (suffix <c>u</c>).</summary>
    Unsigned,

    /// <summary>An exact decimal (suffix <c>d</c>, or sent in binary).</summary>
    Decimal,

    /// <summary>Text in quotes.</summary>
    Text,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Microseconds since 1970 (suffix <c>t</c>).</summary>
    TimeMicros,

    /// <summary>Nanoseconds since 1970 (suffix <c>n</c>).</summary>
    TimeNanos,

    /// <summary>An array, whose content is not looked at.</summary>
    Array,
}

/// <summary>A field's value.</summary>
/// <param name="type">What it is.</param>
/// <param name="text">Its text without quotes, escapes and suffix; of a boolean <c>true</c> or <c>false</c>, of an array nothing. Valid as long as the line.</param>
public readonly ref struct IlpValue(IlpType type, ReadOnlySpan<byte> text)
{
    /// <summary>What it is.</summary>
    public IlpType Type => type;

    /// <summary>Its text.</summary>
    public ReadOnlySpan<byte> Text { get; } = text;
}

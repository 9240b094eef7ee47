using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Tests.Identifiers;

public sealed partial class FixedPointTests
{
    [Theory]
    [InlineData("0", 9, 0)]
    [InlineData("-0", 9, 0)]
    [InlineData("1", 9, 1_000_000_000)]
    [InlineData("+1", 9, 1_000_000_000)]
    [InlineData("-1.5", 9, -1_500_000_000)]
    [InlineData(".5", 9, 500_000_000)]
    [InlineData("5.", 9, 5_000_000_000)]
    [InlineData("181.52", 9, 181_520_000_000)]
    [InlineData("0.000000001", 9, 1)]
    [InlineData("0.0000000010000000000000", 9, 1)]
    [InlineData("1e-9", 9, 1)]
    [InlineData("1.0E-9", 9, 1)]
    [InlineData("12e3", 0, 12_000)]
    [InlineData("1200e-2", 0, 12)]
    [InlineData("0e999", 9, 0)]
    [InlineData("000000000000000000000000001", 0, 1)]
    [InlineData("9223372036.854775807", 9, long.MaxValue)]
    [InlineData("-9223372036.854775808", 9, long.MinValue)]
    [InlineData("9223372036854775807", 0, long.MaxValue)]
    [InlineData("-9223372036854775808", 0, long.MinValue)]
    public void Exact_numbers_are_read(string text, int scale, long expected)
    {
        Assert.True(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), scale, out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("", 9)]
    [InlineData("-", 9)]
    [InlineData(".", 9)]
    [InlineData("-.", 9)]
    [InlineData("e5", 9)]
    [InlineData("1e", 9)]
    [InlineData("1e+", 9)]
    [InlineData("1e1.5", 9)]
    [InlineData("1.2.3", 9)]
    [InlineData("1,5", 9)]
    [InlineData(" 1", 9)]
    [InlineData("1 ", 9)]
    [InlineData("0x1", 9)]
    [InlineData("NaN", 9)]
    [InlineData("Infinity", 9)]
    [InlineData("--1", 9)]
    [InlineData("0.0000000001", 9)]
    [InlineData("1e-10", 9)]
    [InlineData("9223372036.854775808", 9)]
    [InlineData("-9223372036.854775809", 9)]
    [InlineData("18446744073709551616", 0)]
    [InlineData("99999999999999999999999999", 0)]
    [InlineData("1e30", 0)]
    [InlineData("1e400", 9)]
    [InlineData("1e99999999999", 9)]
    [InlineData("1e-99999999999", 9)]
    public void What_is_no_number_or_cannot_be_held_is_refused(string text, int scale) =>
        Assert.False(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), scale, out _));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Reading_agrees_with_big_integers(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var text = RandomText(random);
            var scale = random.Next(0, 10);
            var read = FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), scale, out var value) ? value : (long?)null;
            Assert.True(read == Reference(text, scale), $"'{text}' at scale {scale} gave {read}, not {Reference(text, scale)}");
        }
    }

    [Fact]
    public void Writing_agrees_with_decimal_and_reads_back() =>
        Prop.ForAll<long, byte>((value, any) => WritesAndReadsBack(value, any % 10) && WritesAndReadsBack(value * 6_364_136_223_846_793_005, any % 10))
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MinValue + 1)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(long.MaxValue)]
    public void Extremes_are_written_and_read_back_at_every_scale(long value)
    {
        for (var scale = 0; scale < 10; scale++)
        {
            Assert.True(WritesAndReadsBack(value, scale), $"{value} at scale {scale} became '{FixedPoint.ToText(value, scale)}'");
        }
    }

    [Fact]
    public void Price_and_size_show_the_shortest_decimal()
    {
        Assert.Equal("181.52", Price.Parse("181.5200").ToString());
        Assert.Equal("-0.000000001", new Price(-1).ToString());
        Assert.Equal("100", Quantity.Of(100).ToString());
        Assert.Equal("0.00000001", new Quantity(1).ToString());
        Assert.Equal("0", default(Price).ToString());
    }

    [Fact]
    public void What_a_price_or_size_cannot_hold_is_refused_with_the_text_and_the_rule()
    {
        Assert.Equal("'0.0000000001' is not a number of at most 9 decimals that fits 64 bits", Assert.Throws<FormatException>(() => Price.Parse("0.0000000001")).Message);
        Assert.Equal("'1e12' is not a number of at most 8 decimals that fits 64 bits", Assert.Throws<FormatException>(() => Quantity.Parse("1e12")).Message);
        Assert.Throws<OverflowException>(() => Price.Of(9_223_372_037));
        Assert.Throws<OverflowException>(() => Quantity.Of(-92_233_720_369));
    }

    private static bool WritesAndReadsBack(long value, int scale)
    {
        var text = FixedPoint.ToText(value, scale);
        var expected = (value / (decimal)BigInteger.Pow(10, scale)).ToString("0.##########", CultureInfo.InvariantCulture);
        return text == expected
            && text.Length <= FixedPoint.TextBytesMax
            && FixedPoint.TryParse(Encoding.ASCII.GetBytes(text), scale, out var back)
            && back == value;
    }

    private static long? Reference(string text, int scale)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            return null;
        }

        var fraction = match.Groups["fraction"].Value;
        var digits = BigInteger.Parse("0" + match.Groups["whole"].Value + fraction, CultureInfo.InvariantCulture);
        var exponent = match.Groups["exponent"].Success ? BigInteger.Parse(match.Groups["exponent"].Value, CultureInfo.InvariantCulture) : 0;
        if (BigInteger.Abs(exponent) > 300)
        {
            // No text made here has so many digits that the number could be held.
            return digits.IsZero ? 0 : null;
        }

        var shift = scale - fraction.Length + (int)exponent;
        var (scaled, rest) = shift >= 0 ? (digits * BigInteger.Pow(10, shift), 0) : BigInteger.DivRem(digits, BigInteger.Pow(10, -shift));
        scaled = match.Groups["sign"].Value == "-" ? -scaled : scaled;
        return rest == 0 && scaled >= long.MinValue && scaled <= long.MaxValue ? (long)scaled : null;
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder();
        text.Append(random.Next(4) switch { 0 => "-", 1 => "+", _ => string.Empty });
        text.Append(RandomDigits(random, 22));
        if (random.Next(2) == 0)
        {
            text.Append('.').Append(RandomDigits(random, 14));
        }

        if (random.Next(4) == 0)
        {
            text.Append(random.Next(2) == 0 ? 'e' : 'E').Append(random.Next(3) == 0 ? "-" : string.Empty).Append(random.Next(0, 25));
        }

        // One in eight is damaged.
        if (random.Next(8) == 0 && text.Length > 0)
        {
            text[random.Next(text.Length)] = "+-.eE 0x"[random.Next(8)];
        }

        return text.ToString();
    }

    private static string RandomDigits(Random random, int most)
    {
        var digits = new char[random.Next(0, most)];
        var zeros = random.Next(3);
        for (var i = 0; i < digits.Length; i++)
        {
            digits[i] = zeros == 0 || random.Next(zeros + 1) == 0 ? (char)('0' + random.Next(10)) : '0';
        }

        return new string(digits);
    }

    [GeneratedRegex(@"^(?<sign>[+-]?)(?=\.?[0-9])(?<whole>[0-9]*)(?:\.(?<fraction>[0-9]*))?(?:[eE](?<exponent>[+-]?[0-9]+))?\z")]
    private static partial Regex Form();
}

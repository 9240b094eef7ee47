using System.Text;
using Grid.Domain.Cusips;
using Grid.Testing;

namespace Grid.Domain.Tests.Cusips;

public sealed class CusipTests
{
    [Theory]
    [InlineData("037833100", "037833100")]
    [InlineData("38259P508", "38259P508")]
    [InlineData("38259p508", "38259P508")]
    [InlineData("92940*118", "92940*118")]
    [InlineData("20427#109", "20427#109")]
    [InlineData("016783A@1", "016783A@1")]
    [InlineData("016783A@8", null)]
    [InlineData("G0083B108", "G0083B108")]
    public void A_cusip_is_shown_in_upper_case(string text, string? shown) =>
        Assert.Equal(shown, Cusip.TryParse(text, out var cusip) ? cusip.ToString() : null);

    [Theory]
    [InlineData("", "'' is not a CUSIP: it has 0 characters, not 9")]
    [InlineData("03783310", "'03783310' is not a CUSIP: it has 8 characters, not 9")]
    [InlineData("0378331000", "'0378331000' is not a CUSIP: it has 10 characters, not 9")]
    [InlineData("037833101", "'037833101' is not a CUSIP: its check digit is '1', but 0 is right")]
    [InlineData("03783310X", "'03783310X' is not a CUSIP: its check digit is 'X', but 0 is right")]
    [InlineData("0378 3100", "'0378 3100' is not a CUSIP: character 5 is not one of 0-9 A-Z * @ #")]
    [InlineData("03783Ä100", "'03783Ä100' is not a CUSIP: character 6 is not one of 0-9 A-Z * @ #")]
    public void What_is_no_cusip_is_refused_with_the_rule(string text, string sentence)
    {
        Assert.False(Cusip.TryParse(text, out var cusip));
        Assert.True(cusip.IsNone);
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => Cusip.Parse(text)).Message);
    }

    [Fact]
    public void The_default_is_no_cusip()
    {
        Assert.True(default(Cusip).IsNone);
        Assert.Equal(string.Empty, default(Cusip).ToString());
        Assert.False(Cusip.TryParse((string?)null, out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Check_digits_agree_with_the_letter_of_the_standard(int seed)
    {
        const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#";
        var random = new Random(seed);
        for (var i = 0; i < 5000; i++)
        {
            var head = new string(Enumerable.Range(0, 8).Select(_ => Alphabet[random.Next(Alphabet.Length)]).ToArray());
            var sum = head.Select((c, place) => Alphabet.IndexOf(c, StringComparison.Ordinal) * ((place % 2) + 1))
                .Sum(value => value.ToString().Sum(digit => digit - '0'));
            var check = (10 - (sum % 10)) % 10;
            Assert.Equal(check, Cusip.CheckDigit(Encoding.ASCII.GetBytes(head)));
            for (var digit = 0; digit < 10; digit++)
            {
                Assert.Equal(digit == check, Cusip.TryParse(head + digit, out var cusip));
                Assert.Equal(digit == check ? head + digit : string.Empty, cusip.ToString());
            }
        }
    }

    [Fact]
    public void Only_eight_allowed_characters_have_a_check_digit()
    {
        Assert.Equal(-1, Cusip.CheckDigit("0378331"u8));
        Assert.Equal(-1, Cusip.CheckDigit("037833100"u8));
        Assert.Equal(-1, Cusip.CheckDigit("0378331a"u8));
        for (var c = 0; c < 256; c++)
        {
            var isAllowed = c < 128 && (char.IsAsciiDigit((char)c) || char.IsAsciiLetterUpper((char)c) || "*@#".Contains((char)c, StringComparison.Ordinal));
            Assert.Equal(isAllowed, Cusip.CheckDigit([(byte)'0', (byte)'1', (byte)c, 48, 48, 48, 48, 48]) >= 0);
        }
    }

    [Fact]
    public void Cusips_order_as_their_texts_do()
    {
        string[] texts = ["92940*118", "037833100", "38259P508", "20427#109", "G0083B108", "000772020"];
        var cusips = texts.Select(Cusip.Parse).ToList();
        Assert.Equal(texts.Order(StringComparer.Ordinal), cusips.Order().Select(c => c.ToString()));
        Assert.True(cusips[1] < cusips[0] && cusips[0] > cusips[1] && cusips[0] <= cusips[0] && cusips[0] >= cusips[0]);
        Assert.Equal(Cusip.Parse("38259p508"), cusips[2]);
    }

    [Fact]
    public void Other_peoples_test_vectors_agree()
    {
        var lines = File.ReadAllLines(SharedData.Require("cusip", "vectors.csv"));
        var judged = 0;
        foreach (var line in lines.Skip(1))
        {
            var columns = line.Split(',');
            var (input, expected) = (columns[0], columns[1]);

            // One peer trims; one refuses letters in the first three places, which the standard allows.
            input = expected == "valid(after trim)" ? input.Trim() : input;
            if (expected.StartsWith("invalid(perl only", StringComparison.Ordinal))
            {
                continue;
            }

            judged++;
            var isValid = expected.StartsWith("valid", StringComparison.Ordinal);
            Assert.True(Cusip.TryParse(input, out _) == isValid, $"'{input}' should be {expected}: {(isValid ? Cusip.Explain(input) : "it was taken")}");
        }

        Assert.Equal(183, judged);
    }

    [Theory]
    [InlineData("13flist2017q4.csv")]
    [InlineData("13flist2018q1.csv")]
    public void The_official_lists_agree_except_for_options(string file)
    {
        // Options have made-up numbers, nearly all of which fail by design.
        var (shares, wrongShares, options, wrongOptions) = (0, new List<string>(), 0, 0);
        foreach (var line in File.ReadLines(SharedData.Require("cusip", file)).Skip(1))
        {
            var columns = line.Split(',');
            var number = columns[2].Replace(" ", string.Empty, StringComparison.Ordinal);
            var isRight = Cusip.TryParse(number, out _);
            if (line.Contains(",PUT,", StringComparison.Ordinal) || line.Contains(",CALL,", StringComparison.Ordinal))
            {
                options++;
                wrongOptions += isRight ? 0 : 1;
            }
            else
            {
                shares++;
                if (!isRight)
                {
                    wrongShares.Add(Cusip.Explain(number));
                }
            }
        }

        Assert.True(shares > 2_000 && options > 2_000, $"{shares} shares, {options} options");
        Assert.True(wrongShares.Count == 0, $"{wrongShares.Count} of {shares} are wrong: {string.Join("; ", wrongShares.Take(5))}");
        Assert.True(wrongOptions >= options * 0.97, $"only {wrongOptions} of {options} options fail");
    }
}

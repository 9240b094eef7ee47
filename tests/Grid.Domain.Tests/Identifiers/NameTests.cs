using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Tests.Identifiers;

public sealed class NameTests
{
    [Fact]
    public void Index_zero_is_the_empty_name()
    {
        var table = new NameTable(8);
        Assert.Equal(1, table.Count);
        Assert.Equal(string.Empty, table.Text(0));
        Assert.Equal(0, table.Find(string.Empty));
    }

    [Fact]
    public void A_name_keeps_its_index()
    {
        var table = new NameTable(1000);
        for (var i = 1; i < 1000; i++)
        {
            Assert.Equal(i, table.GetOrAdd($"N{i}"));
        }

        for (var i = 1; i < 1000; i++)
        {
            Assert.Equal(i, table.GetOrAdd(Encoding.ASCII.GetBytes($"N{i}")));
            Assert.Equal(i, table.Find($"N{i}"));
            Assert.Equal($"N{i}", table.Text(i));
        }

        Assert.Equal(1000, table.Count);
    }

    [Fact]
    public void A_name_never_added_is_not_found()
    {
        var table = new NameTable(8);
        table.GetOrAdd("IBM");
        Assert.Equal(-1, table.Find("ibm"));
        Assert.Equal(-1, table.Find("Ä"));
        Assert.Equal(-1, table.Find(new string('x', 65)));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Text(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Text(-1));
    }

    [Fact]
    public void A_full_table_says_which_name_it_refuses()
    {
        var table = new NameTable(3);
        table.GetOrAdd("A");
        table.GetOrAdd("B");
        Assert.StartsWith(
            "name 'C' cannot be added: the table holds its limit of 2 names",
            Assert.Throws<ArgumentException>(() => table.GetOrAdd("C")).Message,
            StringComparison.Ordinal);
        Assert.Equal(1, table.GetOrAdd("A"));
    }

    [Fact]
    public async Task Threads_that_add_the_same_names_agree_on_the_indexes()
    {
        var table = new NameTable(5000);
        var found = await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(
            () => Enumerable.Range(0, 4000)
                .Select(i => $"S{((i * 7) + (t * 1000)) % 4000}")
                .ToDictionary(name => name, name => table.GetOrAdd(name)))));
        Assert.Equal(4001, table.Count);
        foreach (var indexes in found)
        {
            Assert.All(indexes, pair => Assert.Equal(pair.Key, table.Text(pair.Value)));
        }
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("ES=F/2024!~", true)]
    [InlineData("", false)]
    [InlineData("A B", false)]
    [InlineData("A\u007f", false)]
    [InlineData("Ä", false)]
    [InlineData("A\0", false)]
    public void Names_are_printable_ascii_without_spaces(string name, bool isValid) =>
        Assert.Equal(isValid, NameRules.IsValid(Encoding.UTF8.GetBytes(name)));

    [Fact]
    public void Names_have_at_most_64_bytes()
    {
        Assert.True(NameRules.IsValid(new string('x', 64).Select(c => (byte)c).ToArray()));
        Assert.False(NameRules.IsValid(new string('x', 65).Select(c => (byte)c).ToArray()));
    }

    [Theory]
    [InlineData("", "a name is empty; it must have 1 to 64 printable ASCII bytes")]
    [InlineData("A B", "name 'A B' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    [InlineData("IBM", "name 'IBM' is valid")]
    public void The_rule_that_a_name_breaks_is_said(string name, string sentence) => Assert.Equal(sentence, NameRules.Explain(name));

    [Fact]
    public void A_name_that_is_too_long_is_shown_cut() => Assert.Equal(
        $"name '{new string('x', 64)}…' has 70 bytes; at most 64 are allowed",
        NameRules.Explain(new string('x', 70)));

    [Fact]
    public void A_name_that_breaks_a_rule_is_not_added()
    {
        var table = new NameTable(8);
        Assert.Throws<ArgumentException>(() => table.GetOrAdd("A B"));
        Assert.Throws<ArgumentException>(() => table.GetOrAdd("Ä"));
        Assert.Throws<ArgumentException>(() => table.GetOrAdd(new string('x', 65)));
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void Every_kind_of_name_has_its_table()
    {
        var names = new GridNames();
        Assert.Equal(4, Enum.GetValues<NameKind>().Select(kind => names[kind]).Distinct().Count());
        Assert.Same(names.Channels, names[NameKind.Channel]);
        Assert.Throws<ArgumentOutOfRangeException>(() => names[(NameKind)9]);
        var ibm = names.Instruments.GetOrAdd("IBM");
        Assert.Equal("IBM", names.Symbol(new InstrumentId((uint)ibm)));
    }
}

using System.Security.Cryptography;
using System.Text;
using Grid.Gateway.Access;

namespace Grid.Gateway.Tests.Access;

public sealed class ApiKeyTests
{
    [Fact]
    public void A_key_has_its_form_and_no_two_are_alike()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => ApiKey.Create()).ToList();

        Assert.All(keys, k => Assert.Matches("^grid_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$", k.Text));
        Assert.Equal(keys.Count, keys.Select(k => k.Id).Distinct().Count());
        Assert.Equal(keys.Count, keys.Select(k => k.Text[14..]).Distinct().Count());
    }

    [Fact]
    public void Every_wrong_missing_or_swapped_character_is_found_by_the_checksum()
    {
        var text = ApiKey.Create().Text;
        for (var i = ApiKey.Prefix.Length; i < text.Length; i++)
        {
            var wrong = text.ToCharArray();
            wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
            Assert.Equal(ApiKeyForm.Mistyped, ApiKey.Read(wrong, out _, out _));
            Assert.Equal(ApiKeyForm.Mistyped, ApiKey.Read(text.Remove(i, 1), out _, out _));
        }

        Assert.Equal(ApiKeyForm.Mistyped, ApiKey.Read(text + "0", out _, out _));
        Assert.Equal(ApiKeyForm.Mistyped, ApiKey.Read(text[..20] + "é" + text[21..], out _, out _));
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("GRID_12345678_x")]
    [InlineData("?")]
    public void What_does_not_begin_like_a_key_is_none(string text) => Assert.Equal(ApiKeyForm.NoKey, ApiKey.Read(text, out _, out _));

    [Fact]
    public void A_key_shown_by_mistake_shows_no_secret()
    {
        var key = ApiKey.Create();

        Assert.Equal($"grid_{key.Id}_…", $"{key}");
    }

    [Fact]
    public void The_hash_is_that_of_the_secret()
    {
        var key = ApiKey.Create();

        Assert.Equal(SHA256.HashData(Encoding.ASCII.GetBytes(key.Text.Substring(14, 43))), key.Hash());
    }
}

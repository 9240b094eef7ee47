using System.Text;
using Grid.Domain;
using Grid.Gateway.Access;

namespace Grid.Gateway.Tests.Access;

/// <summary>A key that is well formed, checksum and all, with the id of one key and the secret of another.</summary>
internal static class WrongSecret
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static string Of(ApiKey id, ApiKey secret)
    {
        var body = id.Text[..14] + secret.Text[14..57];
        var rest = Crc32C.Compute(Encoding.ASCII.GetBytes(body));
        var checksum = string.Empty;
        for (var i = 0; i < 6; i++)
        {
            checksum = Digits[(int)(rest % 62)] + checksum;
            rest /= 62;
        }

        return body + checksum;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Gateway.Http;

/// <summary>
/// The entity tags of what is known of instruments: a number drawn when the server starts, and the state's version. What was
/// shown and lost in a crash before it was durable never has the tag of what came in its place.
/// </summary>
/// <remarks>
/// A tag is made once for each version and kept in a slot, so that asking again allocates nothing. A tag that loses its slot to
/// another instrument is made again.
/// </remarks>
internal sealed class LatestTags
{
    private const int Slots = 1 << 14;

    private readonly string _start = "\"" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)) + "-";
    private readonly Tag?[] _tags = new Tag?[Slots];

    /// <summary>The tag of a state.</summary>
    public string Of(in Latest latest)
    {
        ref var slot = ref _tags[latest.Instrument.Value % Slots];
        var held = Volatile.Read(ref slot);
        if (held is null || held.Instrument != latest.Instrument || held.Version != latest.Version)
        {
            held = new Tag(latest.Instrument, latest.Version, string.Create(CultureInfo.InvariantCulture, $"{_start}{latest.Version}\""));
            Volatile.Write(ref slot, held);
        }

        return held.Text;
    }

    /// <summary>True if a condition (<c>If-None-Match</c>) names a tag: as itself, as a weak one, in a list, or with all others as <c>*</c>.</summary>
    public static bool IsNamed(ReadOnlySpan<char> condition, ReadOnlySpan<char> tag)
    {
        if (condition.SequenceEqual(tag))
        {
            return true;
        }

        // No tag of ours holds a comma; one of others that does is only taken apart.
        foreach (var part in condition.Split(','))
        {
            var named = condition[part].Trim();
            named = named.StartsWith("W/") ? named[2..] : named;
            if (named.SequenceEqual(tag) || named is "*")
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Tag(InstrumentId Instrument, ulong Version, string Text);
}

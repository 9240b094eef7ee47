using System.Globalization;

namespace Grid.Storage.Journal;

/// <summary>Names of files in the journal's folder. A segment is called by its first LSN in 16 hex digits.</summary>
internal static class SegmentName
{
    public const string Suffix = ".journal";

    /// <summary>A repaired segment before it takes the damaged one's place.</summary>
    public const string RepairSuffix = ".repair";

    /// <summary>What a repair has moved aside.</summary>
    public const string DamagedSuffix = ".damaged";

    public static string Of(ulong firstLsn) => firstLsn.ToString("x16", CultureInfo.InvariantCulture) + Suffix;

    public static bool TryParse(string name, out ulong firstLsn)
    {
        firstLsn = 0;
        return name.Length == 16 + Suffix.Length
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out firstLsn)
            && firstLsn > 0
            && Of(firstLsn) == name;
    }
}

namespace Grid.Storage.HotStore;

/// <summary>
/// The memory that extents have beside the page cache: counted, and beyond a limit given back where the file has the same bytes. For
/// the writer.
/// </summary>
/// <param name="extents">Extent i is in slot i modulo their number, or that slot is null.</param>
/// <param name="pagesMax">Pages that there may be before some are given back.</param>
/// <param name="keptWhole">How many of the newest extents are left alone; at least one, because its pages are not all marked.</param>
internal sealed class HotMemory(HotExtent?[] extents, long pagesMax, long keptWhole)
{
    // Words of pages that are looked at for one that can be given back.
    private const int LooksMax = 256;

    private long _extent;
    private int _word;

    /// <summary>Pages in memory of the extents' own.</summary>
    public long Pages { get; set; }

    /// <summary>True if there are more than there may be.</summary>
    public bool IsOver => Pages > pagesMax;

    /// <summary>
    /// Gives back one word of pages, which takes microseconds, of an extent from the oldest up to those that are left alone; goes on
    /// where it ended, and round again.
    /// </summary>
    public void GiveBackSome(long oldest, long newest)
    {
        var end = newest - keptWhole;
        for (var looked = 0; looked < LooksMax && oldest < end; looked++)
        {
            if (_extent < oldest || _extent >= end)
            {
                _extent = oldest;
                _word = 0;
            }

            var extent = extents[(int)_extent & (extents.Length - 1)];
            if (extent is null || !extent.IsWritten || _word == extent.Words)
            {
                _extent++;
                _word = 0;
            }
            else if (extent.Trim(_word++) is > 0 and var pages)
            {
                Pages -= pages;
                return;
            }
        }
    }
}

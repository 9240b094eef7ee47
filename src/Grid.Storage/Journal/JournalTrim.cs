namespace Grid.Storage.Journal;

/// <summary>Ends a journal that nobody has open at an earlier frame, for going back to a point in time.</summary>
public static class JournalTrim
{
    /// <summary>
    /// Removes every frame behind one, and appends others there, which take the next LSNs. All of it is on the disk when this
    /// returns; the caller discards a journal with which it failed.
    /// </summary>
    /// <param name="journal">The journal's folder: a copy of one's own.</param>
    /// <param name="lastLsn">The last frame that stays.</param>
    /// <param name="more">Frames to be appended, without names.</param>
    /// <returns>The last frame of the journal as it is then.</returns>
    /// <exception cref="GridStorageException">The journal does not have that frame, or the disk refuses.</exception>
    public static ulong EndAt(IJournalDirectory journal, ulong lastLsn, IReadOnlyList<(JournalFrameType Type, byte[] Payload)> more)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(more);
        try
        {
            var segments = SegmentList.Read(journal, out _);
            var owner = segments.FindLast(first => first <= lastLsn);
            if (owner == 0)
            {
                throw JournalDamage.Missing(journal.Path, lastLsn, lastLsn, "the journal begins later");
            }

            // The newest goes first: whatever happens meanwhile, there is no hole in the middle.
            foreach (var later in segments.Where(first => first > lastLsn).Reverse())
            {
                journal.Delete(SegmentName.Of(later));
            }

            journal.Flush();
            return EndSegmentAt(journal, owner, lastLsn, more);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain($"journal '{journal.Path}' cannot be ended at frame {lastLsn}", failure);
        }
    }

    private static ulong EndSegmentAt(
        IJournalDirectory journal, ulong firstLsn, ulong lastLsn, IReadOnlyList<(JournalFrameType Type, byte[] Payload)> more)
    {
        long end;
        SegmentHeader header;
        using (var scanner = SegmentScanner.Open(journal, firstLsn))
        {
            while (scanner.NextLsn <= lastLsn)
            {
                if (!scanner.TryRead(out _, out _))
                {
                    throw JournalDamage.At(scanner.Path, scanner.Offset, scanner.NextLsn, scanner.Fault);
                }
            }

            (end, header) = (scanner.Offset, scanner.Header);
        }

        using var file = journal.OpenWrite(SegmentName.Of(firstLsn));
        file.SetLength(end);
        var lsn = lastLsn;
        foreach (var (type, payload) in more)
        {
            var bytes = new byte[JournalFormat.FrameBytes(payload.Length)];
            var frame = new FrameHeader(0, (uint)payload.Length, ++lsn, lastLsn, type, Flags: 0, DictionaryFrames: 0, Dictionary: 0);
            frame.Write(bytes, header.Salt, head: default, payload);
            payload.CopyTo(bytes, FrameHeader.Bytes);
            file.Write(end, bytes);
            end += bytes.Length;
        }

        file.Flush();
        return lsn;
    }
}

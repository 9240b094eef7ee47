using System.Security.Cryptography;
using System.Text;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Postgres;

/// <summary>The name that a data folder has in the databases it writes to: made once, and copied with the folder.</summary>
internal static class FolderIdentity
{
    private const string FileName = "identity";
    private const int Length = 32;

    /// <summary>The folder's name, made if it has none yet.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or the file holds something else.</exception>
    public static string Of(IJournalDirectory folder)
    {
        try
        {
            if (folder.ReadAll(FileName) is { } held)
            {
                var text = Encoding.ASCII.GetString(held.Span).Trim();
                return text.Length == Length && text.All(char.IsAsciiHexDigitLower)
                    ? text
                    : throw new GridStorageException($"file '{FileName}' in '{folder.Path}' holds '{text}', which is no identity of a data folder");
            }

            var made = RandomNumberGenerator.GetHexString(Length, lowercase: true);
            folder.Replace(FileName, Encoding.ASCII.GetBytes(made + "\n"));
            return made;
        }
        catch (IOException e)
        {
            throw new GridStorageException($"file '{FileName}' in '{folder.Path}' cannot be used: {e.Message}", innerException: e);
        }
    }
}

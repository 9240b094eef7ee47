using Grid.Gateway.Http.Rows;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http.Routes;

/// <summary>How an answer is made of a shape.</summary>
internal enum AnswerKind
{
    /// <summary>Any number of rows, in the format asked for.</summary>
    Rows,

    /// <summary>One row, in the format asked for.</summary>
    Row,

    /// <summary>A JSON array of objects, whatever the format.</summary>
    Array,

    /// <summary>A JSON object.</summary>
    Object,

    /// <summary>Text of no shape of ours: a page, or JSON that others define.</summary>
    Text,

    /// <summary>Nothing: status and headers say it.</summary>
    Nothing,
}

/// <summary>What a route answers when all is well.</summary>
/// <param name="Kind">How it is written.</param>
/// <param name="Shape">Its columns or properties; null for a text.</param>
/// <param name="ContentType">Of a text.</param>
/// <param name="Example">Of a text.</param>
internal sealed record ApiAnswer(AnswerKind Kind, RowShape? Shape, string ContentType = "application/json", string Example = "")
{
    /// <summary>Of an object: what CSV and NDJSON have instead; null if it is JSON only.</summary>
    public RowShape? InRows { get; init; }

    /// <summary>The status if all is well.</summary>
    public int Status => Kind == AnswerKind.Nothing ? StatusCodes.Status204NoContent : StatusCodes.Status200OK;

    public static ApiAnswer Nothing { get; } = new(AnswerKind.Nothing, null);

    public static ApiAnswer Rows(RowShape shape) => new(AnswerKind.Rows, shape);

    public static ApiAnswer Row(RowShape shape) => new(AnswerKind.Row, shape);

    public static ApiAnswer Array(RowShape shape) => new(AnswerKind.Array, shape);

    public static ApiAnswer Object(RowShape shape) => new(AnswerKind.Object, shape);

    public static ApiAnswer Text(string contentType, string example) => new(AnswerKind.Text, null, contentType, example);
}

/// <summary>A header of an answer.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Example">A value it may have.</param>
/// <param name="Description">What it says.</param>
internal sealed record ApiHeader(string Name, string Example, string Description)
{
    public static readonly ApiHeader Complete = new("Grid-Complete", "true", "False if there is more than the limit let through, or if older rows of the range may have left the hot store.");

    public static readonly ApiHeader AmendmentPending = new("Grid-Amendment-Pending", "false", "True if a cancel or correction is known whose trade lies beyond what is kept.");

    public static readonly ApiHeader Next = new("Grid-Next", "AQ1Vd4kxQVBM8nJk", "The cursor of the next page, if there is one.");

    public static readonly ApiHeader Link = new("Link", "</v1/latest?pattern=A*&cursor=AQ1Vd4kxQVBM8nJk>; rel=\"next\"", "The next page, if there is one.");

    public static readonly ApiHeader Accepted = new("Grid-Accepted", "998", "Events applied without a mark.");

    public static readonly ApiHeader Flagged = new("Grid-Flagged", "2", "Events applied and marked.");

    public static readonly ApiHeader Duplicate = new("Grid-Duplicate", "0", "Events seen before.");

    public static readonly ApiHeader Rejected = new("Grid-Rejected", "0", "Events in quarantine.");

    public static readonly ApiHeader ETag = new("ETag", "\"5f3a2b1c0d9e8f71-42\"", "Changes with every event that is applied to the instrument, and with every start of the server.");
}

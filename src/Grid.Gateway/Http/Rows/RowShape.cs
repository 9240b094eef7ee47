using System.Text;

namespace Grid.Gateway.Http.Rows;

/// <summary>The columns of rows, in order, with what stands before each cell in either way of writing.</summary>
internal sealed class RowShape
{
    private readonly byte[][] _beforeJson;

    public RowShape(params Column[] columns)
    {
        Columns = columns;
        Header = Encoding.ASCII.GetBytes(string.Join(',', columns.Select(c => c.Name)) + "\n");
        _beforeJson = [.. columns.Select((c, i) => Encoding.ASCII.GetBytes($"{(i == 0 ? '{' : ',')}\"{c.Name}\":"))];
    }

    /// <summary>The columns.</summary>
    public IReadOnlyList<Column> Columns { get; }

    /// <summary>The header of CSV with its line end.</summary>
    public byte[] Header { get; }

    /// <summary>What stands before a cell in JSON.</summary>
    public ReadOnlySpan<byte> BeforeJson(int column) => _beforeJson[column];
}

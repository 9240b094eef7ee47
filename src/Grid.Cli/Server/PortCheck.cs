using System.Net;
using System.Net.Sockets;

namespace Grid.Cli.Server;

/// <summary>Finds addresses that cannot be listened on before a data folder is opened, which may take long.</summary>
internal static class PortCheck
{
    /// <summary>Binds all addresses at the same time, and lets go of them.</summary>
    /// <exception cref="IOException">One cannot be had, or is there twice: names it.</exception>
    public static void Require(IEnumerable<(string Name, IPEndPoint EndPoint)> listeners)
    {
        var bound = new List<Socket>();
        try
        {
            foreach (var (name, endPoint) in listeners)
            {
                var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                bound.Add(socket);
                try
                {
                    socket.Bind(endPoint);
                    socket.Listen(1);
                }
                catch (SocketException e)
                {
                    throw new IOException($"{name} cannot listen on {endPoint}: {e.Message}", e);
                }
            }
        }
        finally
        {
            bound.ForEach(s => s.Dispose());
        }
    }
}

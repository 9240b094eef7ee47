using System.Net;
using System.Net.Sockets;
using System.Text;
using Grid.Cli.Bench;

namespace Grid.Cli.Tests.Bench;

public sealed class QueryConnectionTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: today\r\n\r\n")]
    public async Task Answer_is_whole_however_it_is_cut(string answer)
    {
        for (var cut = 1; cut < answer.Length; cut += 7)
        {
            using var pair = new Pair();
            pair.Connection.Send("GET / HTTP/1.1\r\n\r\n"u8.ToArray(), since: 42);
            pair.Server.Send(Encoding.ASCII.GetBytes(answer[..cut]));
            var receiving = Task.Run(pair.Connection.Receive, TestContext.Current.CancellationToken);
            pair.Server.Send(Encoding.ASCII.GetBytes(answer[cut..]));

            Assert.True(await receiving);
            Assert.Equal((1, answer.Length, 42), (pair.Connection.Answers, pair.Connection.BytesReceived, pair.Connection.Since));
        }
    }

    [Fact]
    public void Refusal_ends_the_measurement_with_its_status_line()
    {
        using var pair = new Pair();
        pair.Server.Send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"u8);

        Assert.Equal("the server answers 'HTTP/1.1 404 Not Found'", Assert.Throws<CommandFailure>(() => pair.Connection.Receive()).Message);
    }

    [Fact]
    public void Lost_connection_is_a_failure_unless_it_was_ended_here()
    {
        using (var pair = new Pair())
        {
            pair.Server.Shutdown(SocketShutdown.Both);
            Assert.Throws<CommandFailure>(() => pair.Connection.Receive());
        }

        using (var pair = new Pair())
        {
            pair.Connection.End();
            Assert.False(pair.Connection.Receive());
        }
    }

    private sealed class Pair : IDisposable
    {
        private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);

        public Pair()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Connection = new QueryConnection((IPEndPoint)_listener.LocalEndPoint!);
            Server = _listener.Accept();
        }

        public QueryConnection Connection { get; }

        public Socket Server { get; }

        public void Dispose()
        {
            Connection.Dispose();
            Server.Dispose();
            _listener.Dispose();
        }
    }
}

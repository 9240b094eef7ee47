using System.IO.Pipelines;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Gateway.Publishing;
using Grid.Gateway.Rows;
using Grid.Gateway.Streams;
using Grid.Testing;

namespace Grid.Gateway.Tests.Http;

/// <summary>What takes a while does not run on the thread that brings bytes or room for them, which here is one of the test's own.</summary>
public sealed class OffSocketThreadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_follows_a_wait_runs_on_the_pool_and_what_was_ready_stays()
    {
        var here = Environment.CurrentManagedThreadId;
        Assert.Equal(7, await OffSocketThread.ThenAsync(new ValueTask<int>(7)));
        await OffSocketThread.ThenAsync(ValueTask.CompletedTask);
        Assert.Equal(here, Environment.CurrentManagedThreadId);

        var brought = new TaskCompletionSource<int>();
        var taken = TakeAsync(brought.Task);
        OnSocketThread(() => brought.SetResult(8));

        Assert.Equal((8, true), await taken);

        static async Task<(int Value, bool IsPool)> TakeAsync(Task<int> pending)
        {
            var value = await OffSocketThread.ThenAsync(new ValueTask<int>(pending)).ConfigureAwait(false);
            return (value, Thread.CurrentThread.IsThreadPoolThread);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rows_of_a_body_are_inflated_and_read_on_the_pool(bool isCompressed)
    {
        var grid = new RecordingGrid();
        await using var publisher = new EventPublisher(grid, "http", 1, TimeProvider.System);
        var onPool = new List<bool>();
        var intake = new RowIntake(new JsonLines(), "s", 1 << 10, _ => onPool.Add(Thread.CurrentThread.IsThreadPoolThread));
        await using var pump = new BodyPump(publisher, new PublicationTerms(Caller.Anyone), intake, TimeProvider.System);
        var socket = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var content = "nonsense\n"u8.ToArray();
        var bytes = isCompressed ? GridFixture.Gzip(content) : content;
        await using var inflated = new GzipBody(socket.Reader.AsStream());
        var publishing = pump.RunAsync(isCompressed ? PipeReader.Create(inflated) : socket.Reader, long.MaxValue, Cancel);

        foreach (var part in (byte[][])[bytes[..5], bytes[5..]])
        {
            OnSocketThread(() => socket.Writer.WriteAsync(part, Cancel).AsTask().Wait(Cancel));
        }

        OnSocketThread(() => socket.Writer.Complete());
        await publishing;

        Assert.Equal([true], onPool);
    }

    [Fact]
    public async Task Updates_are_written_on_the_pool()
    {
        var grid = new RecordingGrid();
        var socket = new TaskCompletionSource();
        var isSecondOnPool = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var sent = 0;
        await using var pump = new StreamPump(grid, new StreamOptions(), TimeProvider.System, new StreamText(grid.Names, isEvents: false));
        await pump.ReplyAsync(StreamReply.Pong(), Cancel);
        var running = pump.RunAsync(
            (_, _) =>
            {
                if (++sent == 1)
                {
                    return new ValueTask(socket.Task);
                }

                isSecondOnPool.TrySetResult(Thread.CurrentThread.IsThreadPoolThread);
                return ValueTask.CompletedTask;
            },
            Cancel);
        await pump.ReplyAsync(StreamReply.Pong(), Cancel);

        OnSocketThread(() => socket.SetResult());

        Assert.True(await isSecondOnPool.Task.WaitAsync(Cancel));
        pump.Complete();
        await running;
    }

    private static void OnSocketThread(Action act)
    {
        var thread = new Thread(() => act());
        thread.Start();
        thread.Join();
    }
}

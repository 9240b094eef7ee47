using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Streams;

/// <summary>One subscription as server-sent events, asked for by the arguments of a request.</summary>
internal sealed class StreamEvents(IGrid grid, StreamOptions options, TimeProvider time)
{
    private static readonly char[] Comma = [','];

    /// <summary>Answers until the client goes, its key ends, the server stops, or the grid closes the subscription.</summary>
    public async Task AnswerAsync(HttpContext context, AccessLease lease, CancellationToken stopping)
    {
        var asked = Read(new QueryArguments(context));
        var id = new EventId(grid.Run, grid.Names);
        if (context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last && EventId.TryRead(last, grid.Run, out var versions))
        {
            foreach (var (symbol, version) in versions)
            {
                asked.AddFrom(symbol, version);
            }
        }

        await using var pump = new StreamPump(grid, options, time, new StreamText(grid.Names, isEvents: true) { EventId = id })
        {
            KeepAlive = ":\n\n"u8.ToArray(),
            EndsWithSubscription = true,
        };
        var request = asked.Finish(options);
        var subscription = new StreamSubscription(null, asked.Interval, pump.Signal);
        var answer = subscription.Begin(grid, request);
        pump.Add(subscription);
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        await pump.ReplyAsync(StreamReply.Subscribed(null, request, answer), context.RequestAborted).ConfigureAwait(false);
        using var sending = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var end = lease.Ended.UnsafeRegister(_ => pump.Complete(StreamReply.Error(null, lease.Reason!)), null);
        await using var stop = stopping.UnsafeRegister(static p => ((StreamPump)p!).Complete(), pump);
        try
        {
            await pump.RunAsync(
                async (text, _) =>
                {
                    sending.CancelAfter(options.SendTimeout);
                    await response.BodyWriter.WriteAsync(text, sending.Token).ConfigureAwait(false);
                    sending.CancelAfter(Timeout.InfiniteTimeSpan);
                },
                context.RequestAborted).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (sending.IsCancellationRequested)
        {
            // It took nothing for too long: a broken connection tells the client.
            context.Abort();
        }
    }

    private static StreamRequest Read(QueryArguments arguments)
    {
        var asked = new StreamRequest();
        Each(arguments.Text("instruments"), asked.AddInstrument);
        Each(arguments.Text("patterns"), asked.AddPattern);
        Each(arguments.Text("cusips"), asked.AddCusip);
        Each(arguments.Text("kinds"), asked.AddKind);
        if (arguments.Text("slow") is { } slow)
        {
            asked.SetSlow(slow);
        }

        if (arguments.Text("interval") is { } interval)
        {
            asked.SetInterval(long.TryParse(interval, out var milliseconds) ? milliseconds : throw StreamRequest.Bad("interval", interval, "a whole number of milliseconds"));
        }

        return asked;
    }

    private static void Each(string? list, Action<string> add)
    {
        foreach (var item in (list ?? string.Empty).Split(Comma, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            add(item);
        }
    }
}

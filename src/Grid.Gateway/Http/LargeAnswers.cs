using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grid.Gateway.Http;

/// <summary>Compresses answers with Brotli or gzip where the client takes it and the answer is worth it.</summary>
internal static class LargeAnswers
{
    /// <summary>Answers below this many bytes are sent as they are.</summary>
    public const int BytesLeast = 1024;

    private static readonly string[] Types = ["application/json", "application/problem+json", "application/x-ndjson", "text/csv", "text/html", "text/plain"];

    public static void AddTo(IServiceCollection services)
    {
        services.AddResponseCompression(options =>
        {
            // Compression under TLS leaks secrets that stand beside text of an attacker's choice. Answers hold no secret.
            options.EnableForHttps = true;
            options.MimeTypes = Types;
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(o => o.Level = CompressionLevel.Fastest);
        services.AddSingleton<IResponseCompressionProvider, Provider>();
    }

    /// <summary>Compresses what comes behind. To stand behind the answer for one instrument, which is never compressed.</summary>
    public static void UseIn(IApplicationBuilder app) => app.UseResponseCompression();

    private sealed class Provider(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
    {
        public override bool ShouldCompressResponse(HttpContext context) =>
            context.Response.ContentLength is not < BytesLeast && base.ShouldCompressResponse(context);
    }
}

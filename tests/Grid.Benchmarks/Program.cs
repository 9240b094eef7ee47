using BenchmarkDotNet.Running;
using Grid.Benchmarks;
using Grid.Benchmarks.Memory;

// "memory", "allocations", "commits" and "parquet" measure by themselves; everything else is BenchmarkDotNet's own command line.
switch (args)
{
    case ["memory"]:
        return MemoryMode.RunAll();
    case ["memory", var scenario]:
        return await MemoryMode.RunAsync(scenario);
    case ["allocations"]:
        return await AllocationMode.RunAsync();
    case ["commits", var connectionString]:
        return await CommitMode.RunAsync(connectionString);
    case ["parquet", var ticks, var output]:
        return ParquetSizeMode.Run(ticks, output);
    default:
        BenchmarkSwitcher.FromAssembly(typeof(InProcessConfig).Assembly).Run(args, new InProcessConfig());
        return 0;
}

using Grid.Cli.Commands;

return await CommandLine.RunAsync(GridCommands.Create(), args);

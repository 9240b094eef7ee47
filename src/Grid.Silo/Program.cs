using Grid.Silo.Hosting;

return await SiloProgram.RunAsync(args);

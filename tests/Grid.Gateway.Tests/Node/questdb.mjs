// Feeds a few rows with QuestDB's own client, as a program does that was written for QuestDB.
// node questdb.mjs CONFIGURATION SYMBOL

import { Sender } from "@questdb/nodejs-client";

const [configuration, symbol] = process.argv.slice(2);
const sender = await Sender.fromConfig(configuration);
if (configuration.startsWith("tcp")) {
  await sender.connect();
}

await sender
  .table("trade")
  .symbol("instrument", symbol)
  .symbol("source", "questdb")
  .floatColumn("price", 2615.54)
  .floatColumn("size", 0.00044)
  .intColumn("seq", 1)
  .at(1714570200000000001n, "ns");
await sender
  .table("trade")
  .symbol("instrument", symbol)
  .symbol("source", "questdb")
  .stringColumn("conditions", "0x20")
  .floatColumn("price", 1e-6)
  .floatColumn("size", 100)
  .intColumn("seq", 2)
  .booleanColumn("suspicious", true)
  .at(1714570200001, "ms");
await sender
  .table("trades")
  .symbol("symbol", symbol)
  .symbol("side", "sell")
  .floatColumn("price", 39269.98)
  .floatColumn("amount", 0.011)
  .at(1714570200000002, "us");

await sender.flush();
await sender.close();

// node counts.mjs QUERIES: the file has a line of JSON for each query, { "file", "where" }; prints for each how many rows DuckDB finds. It
// passes over row groups by their statistics and bloom filters, so that wrong ones lose rows.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const line of readFileSync(process.argv[2], 'utf8').split('\n').filter(l => l.length > 0)) {
    const { file, where } = JSON.parse(line);
    const reader = await connection.runAndReadAll(`select count(*) from read_parquet('${file}') where ${where}`);
    console.log(String(reader.getRows()[0][0]));
}

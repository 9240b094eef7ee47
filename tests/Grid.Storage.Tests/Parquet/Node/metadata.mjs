// node metadata.mjs FILE…: prints for each file a line of JSON, an array of what DuckDB reads of each column of each row group:
// [row group, column, minimum, maximum, nulls, codec, encodings].
import { DuckDBInstance } from '@duckdb/node-api';

const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const file of process.argv.slice(2)) {
    const reader = await connection.runAndReadAll(
        `select row_group_id, path_in_schema, stats_min_value, stats_max_value, stats_null_count, compression, encodings
         from parquet_metadata('${file}') order by row_group_id, column_id`);
    console.log(JSON.stringify(reader.getRows().map(row => row.map(v => v === null ? null : String(v)))));
}

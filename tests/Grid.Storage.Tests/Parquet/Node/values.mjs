// node values.mjs duckdb|hyparquet FILE…: prints for each file a line of JSON, { "types": [...], "rows": [[...]] } or { "error": "..." }.
// A value is null or the text that 'grid parquet cat' has for it; floating numbers are JavaScript's shortest text of the double.
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

const perDay = 86_400_000_000_000n;
const floor = (a, b) => (a - (((a % b) + b) % b)) / b;
const two = n => String(n).padStart(2, '0');

// JavaScript's dates hold 100 million days around 1970; the calendar repeats after 400 years.
function date(days) {
    const eras = floor(BigInt(days), 146_097n);
    const day = new Date(Number(BigInt(days) - eras * 146_097n) * 86_400_000);
    const year = day.getUTCFullYear() + Number(eras) * 400;
    const text = year >= 0 && year <= 9999 ? String(year).padStart(4, '0') : (year < 0 ? '-' : '+') + String(Math.abs(year)).padStart(6, '0');
    return `${text}-${two(day.getUTCMonth() + 1)}-${two(day.getUTCDate())}`;
}

function time(nanos) {
    const seconds = nanos / 1_000_000_000n;
    return `${two(seconds / 3600n)}:${two(seconds / 60n % 60n)}:${two(seconds % 60n)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`;
}

function timestamp(nanos, isUtc) {
    const days = floor(nanos, perDay);
    return `${date(days)}T${time(nanos - days * perDay)}${isUtc ? 'Z' : ''}`;
}

function decimal(unscaled, scale) {
    const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
    return unscaled < 0n ? `-${text}` : text;
}

const number = x => Object.is(x, -0) ? '-0' : String(x);

const blob = bytes => Array.from(bytes, b => b >= 0x20 && b < 0x7f && b !== 0x5c ? String.fromCharCode(b) : `\\x${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');

const bigEndian = bytes => bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex')}`));

function duckValue(value, type) {
    if (value === null) {
        return null;
    }
    switch (type.split('(')[0]) {
        case 'FLOAT': case 'DOUBLE': return number(value);
        case 'BLOB': return blob(value.bytes);
        case 'DECIMAL': return decimal(value.value, value.scale);
        case 'DATE': return date(value.days);
        case 'TIME': return time(value.micros * 1000n);
        case 'TIME_NS': return time(value.nanos);
        case 'TIMESTAMP': return timestamp(value.micros * 1000n, false);
        case 'TIMESTAMP WITH TIME ZONE': return timestamp(value.micros * 1000n, true);
        case 'TIMESTAMP_NS': return timestamp(value.nanos, false);
        case 'TIMESTAMP_MS': return timestamp(value.millis * 1000000n, false);
        default: return String(value);
    }
}

async function duckdb(connection, file) {
    const reader = await connection.runAndReadAll(`select * from read_parquet('${file.replaceAll("'", "''")}')`);
    const types = reader.columnTypes().map(String);
    return { types, rows: reader.getRows().map(row => row.map((value, i) => duckValue(value, types[i]))) };
}

function hyValue(value, element, logical) {
    const type = logical?.type ?? element.was;
    const isUtc = logical?.isAdjustedToUTC ?? true;
    if (value === null || value === undefined) {
        return null;
    }
    if (type === 'DECIMAL') {
        return decimal(value instanceof Uint8Array ? bigEndian(value) : BigInt(value), element.scale ?? 0);
    }
    if (value instanceof Uint8Array) {
        return blob(value);
    }
    if (value.nanos !== undefined) {
        return timestamp(value.nanos, isUtc && element.type !== 'INT96');
    }
    if (value.days !== undefined) {
        return date(value.days);
    }
    return typeof value === 'number' ? number(value) : String(value);
}

async function hyparquet(path) {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const elements = parquetSchema(metadata).children.map(c => c.element);
    for (const element of elements) {
        // It makes doubles of decimals; as numbers of no meaning they come whole.
        element.was = element.converted_type;
        if (element.converted_type === 'DECIMAL') {
            delete element.converted_type;
        }
    }
    const parsers = {
        timestampFromMilliseconds: v => v === undefined ? v : ({ nanos: BigInt(v) * 1000000n }),
        timestampFromMicroseconds: v => v === undefined ? v : ({ nanos: BigInt(v) * 1000n }),
        timestampFromNanoseconds: v => v === undefined ? v : ({ nanos: BigInt(v) }),
        dateFromDays: v => v === undefined ? v : ({ days: v }),
        jsonFromBytes: v => new TextDecoder().decode(v),
    };
    const rows = await parquetReadObjects({ file, metadata, compressors, parsers, utf8: false });
    return { types: elements.map(e => e.type), rows: rows.map(row => elements.map(e => hyValue(row[e.name], e, e.logical_type))) };
}

const [reader, ...files] = process.argv.slice(2);
const connection = reader === 'duckdb' ? await (await DuckDBInstance.create(':memory:')).connect() : null;
for (const file of files) {
    try {
        console.log(JSON.stringify(reader === 'duckdb' ? await duckdb(connection, file) : await hyparquet(file)));
    } catch (e) {
        console.log(JSON.stringify({ error: String(e) }));
    }
}

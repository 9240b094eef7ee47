// Numbers and times as people read them. Decimals come as exact strings and stay strings.

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' });
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });

export const NOTHING = '–';

export const whole = n => grouped.format(n);
export const signedPercent = n => percent.format(n);
export const shareOf = (part, all) => all === 0 ? NOTHING : part > 0 && part / all < 1e-4 ? '< 0.01%' : share.format(part / all);

/** A count that fits a narrow place: 12,345 or 1.23 M. */
export function short(n) {
  if (n < 100_000) return grouped.format(n);
  for (const [size, unit] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (n >= size) return (n / size).toPrecision(3) + ' ' + unit;
  }
  return String(n);
}

export function bytes(n) {
  for (const [size, unit] of [[1e12, 'TB'], [1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']]) {
    if (n >= size) return (n / size).toPrecision(3) + ' ' + unit;
  }
  return grouped.format(n) + ' B';
}

/** Milliseconds with three digits that say something. */
export function milliseconds(ms) {
  if (ms === 0) return '0';
  if (ms >= 1000) return grouped.format(ms);
  return ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms >= 0.01 ? ms.toFixed(2) : ms.toFixed(3);
}

export function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']].map(([size, unit], i, all) =>
    [Math.floor((i === 0 ? s : s % all[i - 1][0]) / size), unit]);
  const first = parts.findIndex(([n]) => n > 0);
  return first < 0 ? '0 s' : parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
}

/** The fraction's digits of an exact decimal. */
export const decimalsOf = text => text === null || text === undefined ? 0 : text.length - (text.indexOf('.') + 1 || text.length);

/** An exact decimal with at least so many digits after the point, and groups of three before it. */
export function decimal(text, decimals) {
  if (text === null || text === undefined) return NOTHING;
  const [units, fraction = ''] = text.split('.');
  const digits = fraction.padEnd(decimals, '0');
  const groups = units.replace(/\B(?=(\d{3})+$)/g, ',');
  return digits.length > 0 ? groups + '.' + digits : groups;
}

/** 13:30:00.123 of an ISO time. */
export const clock = iso => iso ? iso.slice(11, 23) : NOTHING;

/** The time of day of a moment on this machine's clock. */
export const timeOfDay = date => date.toLocaleTimeString('en-GB');

/** Milliseconds since 1970 of an ISO time with nanoseconds. */
export const millisecondsOf = iso => Date.parse(iso.slice(0, 23) + 'Z');

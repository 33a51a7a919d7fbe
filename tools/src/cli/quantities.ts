/** Quantities as people read them: three digits and a unit. */

const DIGITS = 3;

/** `1,234,567` */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** `12 connections`, `1 connection` */
export function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** `244,386/s`, `12.5/s` */
export function perSecond(number: number): string {
  return `${number < 100 ? trimmed(number) : count(number)}/s`;
}

/** Decimal units: `78.2 MB`. */
export function bytes(number: number): string {
  return scaled(number, 1000, ['B', 'KB', 'MB', 'GB', 'TB']);
}

/** `812 µs`, `1.93 ms`, `12.1 s` */
export function micros(number: number): string {
  return scaled(number, 1000, ['µs', 'ms', 's']);
}

/** `0.24 s`, `12 s` */
export function seconds(number: number): string {
  return `${number < 10 ? number.toFixed(2) : number < 100 ? number.toFixed(1) : count(number)} s`;
}

function scaled(number: number, step: number, units: readonly string[]): string {
  let value = number;
  let unit = 0;
  // What would be rounded up to the step is one of the next unit.
  while (Number(value.toPrecision(DIGITS)) >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  const digits = unit === 0 ? String(Math.round(value)) : shortened(value);
  return `${digits} ${units[unit]}`;
}

function shortened(value: number): string {
  return value >= 100 ? count(value) : value.toPrecision(DIGITS);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(DIGITS)));
}

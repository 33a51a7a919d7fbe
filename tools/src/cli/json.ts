import { escaped } from '../phrases.js';

/**
 * A value as one line of JSON. What JSON allows in strings, and a terminal would obey or be led astray
 * by, is escaped as well: it is the same JSON.
 */
export function jsonLine(value: object): string {
  return `${escaped(JSON.stringify(value))}\n`;
}

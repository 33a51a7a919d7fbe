import { isToken, lineEndingIn, notInValue } from '../base/characters.js';
import { Rejection } from './rejection.js';

/**
 * A header field as it is sent; null: no field of that name is. Values are Latin-1: one byte for each
 * character (RFC 9110 5.5).
 */
export type Header = readonly [name: string, value: string | null];

/** Header fields the handshake makes itself, and why, or where else to ask for them. */
const RESERVED: Readonly<Record<string, string>> = {
  host: 'It comes from the URL; to reach another address under that name, use the "lookup" option.',
  connection: 'The WebSocket handshake sets it.',
  upgrade: 'The WebSocket handshake sets it.',
  'content-length': 'The handshake is a GET request without a body.',
  'transfer-encoding': 'The handshake is a GET request without a body.',
  expect: 'The handshake is a GET request without a body.',
  'sec-websocket-protocol': 'Use the "protocols" option.',
};

export interface ReadHeaders {
  readonly list: readonly Header[];
  /** A header named Origin is the `origin` option by another name. */
  readonly origin: string | undefined;
}

/**
 * Reads the `headers` option: `{ name: value | [value, ...] | null }`.
 *
 * @throws Rejection
 */
export function readHeaders(input: unknown): ReadHeaders {
  if (!isPlainObject(input)) {
    throw new Rejection('a plain object of header names and values', [], {
      ...(input instanceof Headers ? { hint: 'Use Object.fromEntries(headers).' } : {}),
    });
  }
  const list: Header[] = [];
  let origin: string | undefined;
  for (const [name, given] of Object.entries(input)) {
    checkName(name);
    if (given === null && name.toLowerCase() !== 'origin') {
      list.push([name, null]);
      continue;
    }
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    for (const [index, value] of values.entries()) {
      const path = Array.isArray(given) ? [name, index] : [name];
      const text = readValue(value, path, `header "${name}"`);
      if (name.toLowerCase() !== 'origin') list.push([name, text]);
      else if (origin === undefined) origin = readOrigin(text, path);
      else throw new Rejection('one value', path);
    }
  }
  return { list, origin };
}

/**
 * Reads an origin, as browsers send it (RFC 6454 section 7): scheme, host, port, or `null`.
 *
 * @throws Rejection
 */
export function readOrigin(value: unknown, path: readonly (string | number)[] = []): string {
  const takes = 'an origin such as "https://example.com", or "null"';
  if (typeof value !== 'string') throw new Rejection(takes, path);
  const ending = lineEndingIn(value);
  if (ending !== undefined) throw new Rejection(ending, path, { header: 'header "Origin"' });
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Rejection(takes, path);
  return value;
}

/** The defaults, less those that are given anew, and then those that are given. */
export function mergeHeaders(
  given: readonly Header[],
  defaults: readonly Header[],
): readonly Header[] {
  if (given.length === 0) return defaults;
  if (defaults.length === 0) return given;
  const renewed = new Set(given.map(([name]) => name.toLowerCase()));
  return [...defaults.filter(([name]) => !renewed.has(name.toLowerCase())), ...given];
}

function checkName(name: string): void {
  const lower = name.toLowerCase();
  const ending = lineEndingIn(name);
  if (ending !== undefined) throw new Rejection(ending, [name], { header: 'name of a header' });
  if (!isToken(name)) {
    throw new Rejection("names made of letters, digits and !#$%&'*+-.^_`|~ only", [name]);
  }
  const hint = Object.hasOwn(RESERVED, lower)
    ? RESERVED[lower]
    : lower.startsWith('sec-websocket-')
      ? 'The WebSocket handshake sets it.'
      : undefined;
  if (hint !== undefined) throw new Rejection('no header of that name', [name], { hint });
}

function readValue(value: unknown, path: (string | number)[], part: string): string {
  if (typeof value !== 'string') {
    throw new Rejection('a string, an array of strings, or null to send none', path);
  }
  const wrong = notInValue(value);
  if (wrong !== undefined) throw new Rejection(wrong, path, { header: part });
  return value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

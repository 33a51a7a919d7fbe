import { createError, type LwsPoolError } from './classes.js';
import type { ErrorDetails, HeaderFields } from './details.js';
import { type ErrorCode, isErrorCode } from './table.js';

/** What native code says about a failure: names of {@link ErrorDetails}, values as text. */
export type NativeFields = ReadonlyMap<string, string | Uint8Array>;

/** Bytes of the answer's body that an error keeps. */
const BODY_KEPT = 1024;

/** The code that fits an error number; see connect(2), bind(2), socket(2), ip(7), unix(7). */
const CODE_OF_ERRNO = new Map<string, ErrorCode>([
  ['ECONNREFUSED', 'ERR_CONNECTION_REFUSED'],
  ['ENOENT', 'ERR_CONNECTION_REFUSED'], // a Unix socket that does not exist
  ['EHOSTUNREACH', 'ERR_UNREACHABLE'],
  ['EHOSTDOWN', 'ERR_UNREACHABLE'],
  ['ENETUNREACH', 'ERR_UNREACHABLE'],
  ['ENETDOWN', 'ERR_UNREACHABLE'],
  ['ETIMEDOUT', 'ERR_UNREACHABLE'],
  ['ECONNRESET', 'ERR_CONNECTION_RESET'],
  ['ECONNABORTED', 'ERR_CONNECTION_RESET'],
  ['EPIPE', 'ERR_CONNECTION_RESET'],
  ['EMFILE', 'ERR_TOO_MANY_FILES'],
  ['ENFILE', 'ERR_TOO_MANY_FILES'],
  ['EADDRNOTAVAIL', 'ERR_LOCAL_PORTS_EXHAUSTED'],
  ['EADDRINUSE', 'ERR_LOCAL_PORTS_EXHAUSTED'],
]);

/**
 * The code for a socket call that failed before the connection was open.
 *
 * @param errno name of the error number, for example `ECONNREFUSED`
 * @param syscall the call; at `bind`, EADDRNOTAVAIL means that the address is not of this machine
 */
export function codeForErrno(errno: string, syscall?: string): ErrorCode {
  if (errno === 'EADDRNOTAVAIL' && syscall === 'bind') return 'ERR_LOCAL_ADDRESS';
  return CODE_OF_ERRNO.get(errno) ?? 'ERR_SOCKET';
}

/**
 * Makes an error of what native code reports: a code and a flat list of fields.
 *
 * Fields carry the names of {@link ErrorDetails} (`sslReason` is taken for `reason`). Numbers come
 * as decimal text, dates as OpenSSL prints them or as ISO 8601, `altNames` separated by commas or
 * line feeds, `headers` as the raw block with or without the status line, `body` as bytes. What comes
 * from a head of HTTP is Latin-1.
 * ERR_SOCKET with an `errno` becomes the code of that error number, where there is one. A code
 * unknown here becomes ERR_SYSTEM.
 */
export function errorFromNative(
  code: string,
  fields: NativeFields = new Map(),
  options?: ErrorOptions,
): LwsPoolError {
  const details = detailsFrom(fields);
  if (!isErrorCode(code)) {
    const reason = details.reason === undefined ? '' : `: ${details.reason}`;
    return createError(
      'ERR_SYSTEM',
      { ...details, reason: `unknown error ${code}${reason}` },
      options,
    );
  }
  if (code === 'ERR_SOCKET' && details.errno !== undefined) {
    return createError(codeForErrno(details.errno, details.syscall), details, options);
  }
  return createError(code, details, options);
}

const NUMBERS = new Set(
  'port timeout status size limit unsent closeCode worker crashes addressesLeftOut'.split(' '),
);
const DATES = new Set(['validFrom', 'validTo']);
const OF_HEADERS = new Set(['statusText', 'received', 'expected']);

function detailsFrom(fields: NativeFields): ErrorDetails {
  const facts = new Map<string, unknown>();
  for (const [name, value] of fields) {
    if (name === 'body') facts.set(name, bodyText(value));
    else if (name === 'headers') readHead(latin1(value), facts, fields);
    else if (OF_HEADERS.has(name)) facts.set(name, latin1(value));
    else if (name === 'altNames') facts.set(name, splitNames(text(value)));
    else if (name === 'sslReason') facts.set('reason', text(fields.get('reason') ?? value));
    else if (NUMBERS.has(name)) facts.set(name, finite(Number(text(value))));
    else if (name === 'midMessage') facts.set(name, true);
    else if (DATES.has(name)) facts.set(name, date(text(value)));
    else facts.set(name, text(value));
  }
  return Object.fromEntries(facts) as ErrorDetails;
}

function text(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : new TextDecoder().decode(value);
}

/** As Node.js reads heads of HTTP: one byte for each character (RFC 9110 section 5.5). */
function latin1(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
}

/** The first KiB; a character that the cut split is left out (`stream` keeps it back). */
function bodyText(body: string | Uint8Array): string {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return new TextDecoder().decode(bytes.subarray(0, BODY_KEPT), { stream: true });
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** Takes `Jan  1 00:00:00 2030 GMT` (ASN1_TIME_print(3)) and ISO 8601. */
function date(value: string): Date | undefined {
  const parsed = new Date(value.replace(/ {2,}/g, ' '));
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

/** Splits at commas and line feeds that stand outside of quotes. */
function splitNames(list: string): string[] {
  const names = list.match(/(?:"(?:[^"\\]|\\.)*"|[^",\n])+/g) ?? [];
  return names.map((name) => name.trim()).filter((name) => name !== '');
}

/** Reads the header block into `headers`, and its status line where the fields have no status. */
function readHead(block: string, facts: Map<string, unknown>, fields: NativeFields): void {
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})(?: ([^\r\n]*))?/.exec(block);
  if (status !== null && !fields.has('status')) {
    facts.set('status', Number(status[1]));
    if (!fields.has('statusText')) facts.set('statusText', status[2] ?? '');
  }
  facts.set('headers', parseHeaders(status === null ? block : block.slice(status[0].length)));
}

/** Reads lines of `name: value`. */
export function parseHeaders(block: string): HeaderFields {
  const fields = new Map<string, string | string[]>();
  // A line that begins with white space continues the one before (RFC 9112 section 5.2).
  const lines = block.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = fields.get(name);
    if (name === 'set-cookie') fields.set(name, [...(earlier ?? []), value]);
    else fields.set(name, earlier === undefined ? value : `${String(earlier)}, ${value}`);
  }
  return Object.fromEntries(fields);
}

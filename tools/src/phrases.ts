import { getSystemErrorMap } from 'node:util';
import type { ErrorDetails } from 'lws-pool';

const LONGEST_TEXT = 200;

/**
 * Text from a peer or a file made fit for a terminal: control characters and marks that turn text
 * around are escaped.
 */
export function escaped(text: string): string {
  return text.replace(
    // C0, DEL, C1, line and paragraph separators, and the marks that turn text around.
    /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** {@link escaped}, of a text that has lines of its own, such as a stack. */
export function escapedLines(text: string): string {
  return text.split('\n').map(escaped).join('\n');
}

/** {@link escaped}, and cut at 200 characters. */
export function shown(text: string): string {
  return escaped(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text);
}

/** The peer as people name it: `example.com:443 (192.0.2.1)`, `/run/app.sock`. */
export function peer({ host, address, port, unixPath }: ErrorDetails): string {
  if (unixPath !== undefined) return shown(unixPath);
  const name = host ?? address;
  if (name === undefined) return 'the server';
  const bracketed = name.includes(':') ? `[${name}]` : name;
  const authority = port === undefined ? bracketed : `${bracketed}:${port}`;
  return shown(address === undefined || address === name ? authority : `${authority} (${address})`);
}

const meanings = new Map([...getSystemErrorMap().values()]);

/** ` (ECONNREFUSED: connection refused)`, with the system call where known; '' without a name. */
export function errnoNote({ errno, syscall }: ErrorDetails): string {
  if (errno === undefined) return '';
  const meaning = meanings.get(errno);
  const named = syscall === undefined ? errno : `${syscall} ${errno}`;
  return ` (${shown(meaning === undefined ? named : `${named}: ${meaning}`)})`;
}

/** `permission denied (EACCES)`; undefined for what did not come from the system. */
export function systemReason({ code }: NodeJS.ErrnoException): string | undefined {
  const meaning = code === undefined ? undefined : meanings.get(code);
  return meaning === undefined ? undefined : `${meaning} (${code})`;
}

/** `: text` where there is a text, else ''. */
export function because(text: string | undefined): string {
  // The sentence goes on, or ends by itself.
  return text === undefined || text === '' ? '' : `: ${shown(text).replace(/\.$/, '')}`;
}

/** Seconds precision in UTC: `2026-01-31T12:00:00Z`. */
export function instant(date: Date): string {
  const time = date.getTime();
  return Number.isNaN(time) ? 'unknown' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}

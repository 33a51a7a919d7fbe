import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isToken, lineEndingIn } from '../base/characters.js';
import { Rejection } from './rejection.js';

/** Subprotocols: tokens, each once (RFC 6455 section 4.1, item 10). */
export function readProtocols(input: unknown): readonly string[] {
  const protocols: readonly unknown[] = Array.isArray(input) ? input : [input];
  const seen = new Set<string>();
  for (const [index, protocol] of protocols.entries()) {
    const path = Array.isArray(input) ? [index] : [];
    if (typeof protocol !== 'string') throw new Rejection('a string or a list of strings', path);
    const ending = lineEndingIn(protocol);
    if (ending !== undefined) throw new Rejection(ending, path, { header: 'subprotocol' });
    if (!isToken(protocol)) {
      const hint = /[, ]/.test(protocol) ? { hint: 'Several are given as a list.' } : {};
      throw new Rejection("letters, digits and !#$%&'*+-.^_`|~ only", path, hint);
    }
    if (seen.has(protocol)) throw new Rejection('each protocol only once', path);
    seen.add(protocol);
  }
  return [...seen];
}

/** Local addresses: one or more IP addresses. */
export function readAddresses(input: unknown): readonly string[] {
  const addresses: readonly unknown[] = Array.isArray(input) ? input : [input];
  const takes = 'an IP address of this machine, or a list of them';
  if (addresses.length === 0) throw new Rejection(takes);
  return addresses.map((address, index) => {
    if (typeof address === 'string' && isIP(address) !== 0) return address;
    throw new Rejection(takes, Array.isArray(input) ? [index] : []);
  });
}

/** A handler module as a `file:` URL, which worker threads can import whatever their base is. */
export function readHandler(value: unknown): string {
  const url = handlerUrl(value);
  if (url !== undefined) return url.href;
  const hint = "A path beside your module is: new URL('./handler.js', import.meta.url).";
  const takes = 'a file: URL or the absolute path of a module';
  throw new Rejection(takes, [], typeof value === 'string' ? { hint } : {});
}

function handlerUrl(value: unknown): URL | undefined {
  if (value instanceof URL) return fileUrl(value);
  if (typeof value !== 'string') return undefined;
  // What follows a NUL would be lost, and control characters in a URL, without a word.
  if (isAbsolute(value)) return value.includes('\0') ? undefined : pathToFileURL(value);
  if (!/^file:\P{Cc}*$/u.test(value) || !URL.canParse(value)) return undefined;
  return fileUrl(new URL(value));
}

function fileUrl(url: URL): URL | undefined {
  return url.protocol === 'file:' && !url.pathname.includes('%00') ? url : undefined;
}

/** Data for a handler: copied, as it crosses to another thread and may be changed here meanwhile. */
export function readData(value: unknown): unknown {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') {
    return value;
  }
  try {
    return structuredClone(value);
  } catch {
    throw new Rejection('a value that structuredClone() can copy: no functions, no symbols');
  }
}

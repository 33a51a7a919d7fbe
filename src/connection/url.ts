import { unescape as percentDecode } from 'node:querystring';
import { lineEndingIn } from '../base/characters.js';
import { describe } from '../base/describe.js';
import { wrongWithName } from '../base/host-name.js';
import { createError, type LwsPoolError } from '../errors/errors.js';
import { socketPath } from './socket-path.js';

/** Where to connect and how, read from a URL. */
export interface ConnectionUrl {
  /** WebSocket, or the bytes of the socket as they are. */
  readonly kind: 'ws' | 'raw';
  /** Whether TLS is spoken. */
  readonly secure: boolean;
  /** The URL in its normal form, without credentials. */
  readonly url: string;
  /** Name or address to connect to, without brackets; `localhost` for a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Absolute path of a Unix socket, undefined for TCP. */
  readonly unixPath: string | undefined;
  /** Path and query of the request; '' for a raw target. */
  readonly path: string;
  /** Value of the Host header: with the port where it is not the scheme's own; '' for raw. */
  readonly hostHeader: string;
  /** Value of the Authorization header from the URL's user and password (RFC 7617). */
  readonly auth: string | undefined;
  /** The peer in messages: `example.com:443`, `[::1]:9000`, `/run/app.sock`. */
  readonly authority: string;
}

const TAKES = 'ws://, wss://, tcp://host:port, ws+unix:/path:/request, unix:/path';

const CACHED = 256;
const LONGEST_CACHED = 1024;
const cache = new Map<string, ConnectionUrl>();

/**
 * Reads the URL of a connection: `ws:` and `wss:` (RFC 6455 section 3), `tcp://host:port`,
 * `ws+unix:/path:/request` as the `ws` package has it, and `unix:/path`. In the path of a Unix
 * socket `%3A`, `%3F` and `%25` stand for `:`, `?` and `%`. Spaces in path and query are encoded.
 *
 * @throws LwsPoolError ERR_INVALID_URL, or ERR_INVALID_HEADER for a CR, LF or NUL in it
 */
export function parseConnectionUrl(url: string | URL): ConnectionUrl {
  if (typeof url !== 'string') return parse(url);
  const cached = cache.get(url);
  if (cached !== undefined) return cached;
  const target = parse(url);
  // Credentials are not kept longer than the connections that need them.
  if (url.length <= LONGEST_CACHED && target.auth === undefined) remember(url, target);
  return target;
}

function remember(url: string, target: ConnectionUrl): void {
  if (cache.size === CACHED) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(url, target);
}

function parse(input: unknown): ConnectionUrl {
  const url = toUrl(input);
  if (url.href.includes('#')) {
    throw refused(url, 'a fragment has no meaning to a server', 'Write a "#" of the path as %23.');
  }
  switch (url.protocol) {
    case 'ws:':
    case 'wss:':
      return webSocketUrl(url);
    case 'tcp:':
      return tcpUrl(url);
    case 'ws+unix:':
    case 'unix:':
      return unixUrl(url);
    default:
      throw refused(url, `the scheme "${url.protocol}" is not known here`, schemeHint(url));
  }
}

/** Whether a URL that was taken leads to a WebSocket or to the bytes of a socket. */
export function kindOf(url: string): 'ws' | 'raw' {
  return /^(tcp|unix):/i.test(url) ? 'raw' : 'ws';
}

function toUrl(input: unknown): URL {
  if (input instanceof URL) return input;
  if (typeof input !== 'string') {
    throw createError('ERR_INVALID_URL', {
      argument: 'url',
      got: describe(input),
      takes: `a string or a URL: ${TAKES}`,
    });
  }
  // The URL parser would remove them without a word, and connect somewhere else.
  const ending = lineEndingIn(input);
  if (ending !== undefined)
    throw createError('ERR_INVALID_HEADER', { part: 'URL', reason: ending });
  // So it would tabs and spaces around; spaces of path and query it encodes (URL Standard, 4.4).
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\x00-\x1f\x7f]|^ | $|^[^/]*\/\/[^/?#]* /.test(input)) {
    const wrong = 'it holds a control character, or a space outside of its path and query';
    throw unparsable(input, wrong, 'Write them as %XX.');
  }
  try {
    return new URL(input);
  } catch {
    throw unparsable(input, 'it is not a valid URL', `Taken are ${TAKES}.`);
  }
}

function webSocketUrl(url: URL): ConnectionUrl {
  checkName(url, url.hostname);
  const secure = url.protocol === 'wss:';
  const port = url.port === '' ? (secure ? 443 : 80) : portOf(url);
  return Object.freeze<ConnectionUrl>({
    kind: 'ws',
    secure,
    url: withoutCredentials(url),
    host: withoutBrackets(url.hostname),
    port,
    unixPath: undefined,
    path: url.pathname + url.search,
    hostHeader: url.host,
    auth: basicAuth(url),
    authority: `${url.hostname}:${port}`,
  });
}

function tcpUrl(url: URL): ConnectionUrl {
  const form = 'It takes the form tcp://host:port.';
  if (url.hostname === '') throw refused(url, 'it names no host', form);
  if (url.port === '') throw refused(url, 'it names no port', form);
  if (url.username !== '' || url.password !== '') {
    throw refused(url, 'a raw connection has no place for credentials', form);
  }
  if (/[^/]/.test(url.pathname) || url.search !== '') {
    throw refused(url, 'a raw connection has no path and no query', form);
  }
  const port = portOf(url);
  const hostname = normalHostname(url);
  checkName(url, hostname);
  const authority = `${hostname}:${port}`;
  return Object.freeze<ConnectionUrl>({
    kind: 'raw',
    secure: false,
    url: `tcp://${authority}`,
    host: withoutBrackets(hostname),
    port,
    unixPath: undefined,
    path: '',
    hostHeader: '',
    auth: undefined,
    authority,
  });
}

function unixUrl(url: URL): ConnectionUrl {
  const kind = url.protocol === 'unix:' ? 'raw' : 'ws';
  const read = socketPath(url, kind);
  if ('wrong' in read) throw refused(url, read.wrong, read.hint);
  return Object.freeze<ConnectionUrl>({
    kind,
    secure: false,
    url: url.href,
    host: 'localhost',
    port: 0,
    unixPath: read.path,
    path: kind === 'raw' ? '' : read.request,
    hostHeader: kind === 'raw' ? '' : 'localhost',
    auth: undefined,
    authority: read.path,
  });
}

function portOf(url: URL): number {
  if (url.port === '0') throw refused(url, 'nothing can listen on port 0');
  return Number(url.port);
}

/** The URL parser brings names into their normal form (IDNA, IPv4) for the web's schemes only. */
function normalHostname(url: URL): string {
  try {
    return new URL(`ws://${url.hostname}`).hostname;
  } catch {
    throw refused(url, 'its host is not valid');
  }
}

/** Neither DNS nor a certificate has such names, and what OpenSSL makes of some is dangerous. */
function checkName(url: URL, hostname: string): void {
  if (hostname.startsWith('[')) return;
  const wrong = wrongWithName(hostname.replace(/\.$/, ''));
  if (wrong !== undefined) throw refused(url, `of its host, ${wrong}`);
}

function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function basicAuth(url: URL): string | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const user = percentDecode(url.username);
  const password = percentDecode(url.password);
  if (user.includes(':') || /\p{Cc}/u.test(user + password)) {
    throw refused(url, 'RFC 7617 allows no ":" in a user and no control characters');
  }
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function withoutCredentials(url: URL): string {
  if (url.username === '' && url.password === '') return url.href;
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

function schemeHint(url: URL): string {
  if (url.protocol === 'http:') return 'Use ws:// in its place.';
  if (url.protocol === 'https:') return 'Use wss:// in its place.';
  return `Taken are ${TAKES}.`;
}

function refused(url: URL, reason: string, hint?: string): LwsPoolError {
  // What looks like credentials to people is none to the parser where no "//" stands before it.
  const shown = withoutCredentials(url).replace(/^([^:]*:)(?!\/)[^/?#]*@/, '$1***@');
  return createError('ERR_INVALID_URL', { url: shown, reason, hint });
}

/** Where a text cannot be parsed, all that might be credentials is left out of the message. */
function unparsable(text: string, reason: string, hint: string): LwsPoolError {
  const url = text.replace(/^([a-z][a-z\d+.-]*:\/*)?.*@/i, '$1***@');
  return createError('ERR_INVALID_URL', { url, reason, hint });
}

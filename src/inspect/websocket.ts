import type { Connection } from '../connection/connection.js';
import type { Target } from '../connection/url.js';
import { type HeaderFields, type LwsPoolError, UpgradeError } from '../errors/errors.js';
import type { ConnectOptions } from '../options/options.js';
import { parseConnectOptions, parsePoolOptions } from '../options/options.js';
import { requestHead } from '../pool/endpoint.js';
import type { HeaderLine, WebSocketReport } from './report.js';
import { safeHeader, safeProtocols, safeUrl, withoutSecrets } from './secrets.js';

/** The handshake of a connection that opened. */
export function openedHandshake(
  target: Target,
  options: ConnectOptions,
  { upgradeHeaders = {}, protocol, extensions }: Connection,
): WebSocketReport | null {
  if (target.kind === 'raw') return null;
  return {
    request: requestOf(target, options),
    response: { status: 101, headers: linesOf(upgradeHeaders), body: null },
    protocol: safeProtocols(protocol),
    extensions,
  };
}

/** And of one that failed with this. */
export function failedHandshake(
  target: Target,
  options: ConnectOptions,
  error: LwsPoolError,
): WebSocketReport | null {
  if (target.kind === 'raw') return null;
  const answered = error instanceof UpgradeError && error.status > 0;
  return {
    request: requestOf(target, options),
    response: answered
      ? {
          status: error.status,
          headers: linesOf(error.headers),
          body: error.body === '' ? null : withoutSecrets(error.body, headOf(target, options)),
        }
      : null,
    protocol: null,
    extensions: null,
  };
}

function headOf(target: Target, options: ConnectOptions): string {
  const resolved = parseConnectOptions(options, parsePoolOptions(undefined).connect);
  return requestHead(target, resolved).trimEnd();
}

function requestOf(target: Target, options: ConnectOptions): WebSocketReport['request'] {
  const [line = '', ...fields] = headOf(target, options).split('\r\n');
  return {
    line: safeUrl(line),
    headers: [
      ...fields.map((field): HeaderLine => {
        const colon = field.indexOf(':');
        return safeHeader([field.slice(0, colon), field.slice(colon + 1).trim()]);
      }),
      ['Sec-WebSocket-Key', '(random)'],
    ],
  };
}

function linesOf(headers: HeaderFields): HeaderLine[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => safeHeader([name, one])),
  );
}

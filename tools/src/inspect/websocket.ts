import {
  type Connection,
  type ConnectionUrl,
  type HeaderFields,
  type LwsPoolError,
  UpgradeError,
  versions,
} from 'lws-pool';
import type { HeaderLine, WebSocketReport } from './report.js';
import { safeHeader, safeProtocols, safeUrl, withoutSecrets } from './secrets.js';
import type { InspectSettings } from './settings.js';

/** The handshake of a connection that opened. */
export function openedHandshake(
  target: ConnectionUrl,
  settings: InspectSettings,
  { upgradeHeaders = {}, protocol, extensions }: Connection,
): WebSocketReport | null {
  if (target.kind === 'raw') return null;
  return {
    request: safeRequest(requestOf(target, settings)),
    response: { status: 101, headers: linesOf(upgradeHeaders), body: null },
    protocol: safeProtocols(protocol),
    extensions,
  };
}

/** And of one that failed with this. */
export function failedHandshake(
  target: ConnectionUrl,
  settings: InspectSettings,
  error: LwsPoolError,
): WebSocketReport | null {
  if (target.kind === 'raw') return null;
  const request = requestOf(target, settings);
  const answered = error instanceof UpgradeError && error.status > 0;
  return {
    request: safeRequest(request),
    response: answered
      ? {
          status: error.status,
          headers: linesOf(error.headers),
          body: error.body === '' ? null : withoutSecrets(error.body, request),
        }
      : null,
    protocol: null,
    extensions: null,
  };
}

/**
 * The request as the library sends it (RFC 6455, 4.1), which does not show it: a field for each
 * header, in their order, and the key, which each connection has for itself.
 */
function requestOf(target: ConnectionUrl, settings: InspectSettings) {
  const { protocols, headers } = settings;
  const given = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value): HeaderLine => [name, value]),
  );
  const named = (sought: string) => given.find(([name]) => name.toLowerCase() === sought);
  const origin = settings.origin ?? named('origin')?.[1];
  const fields: HeaderLine[] = [
    ['Host', target.hostHeader],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Version', '13'],
  ];
  if (protocols.length > 0) fields.push(['Sec-WebSocket-Protocol', protocols.join(', ')]);
  if (origin !== undefined) fields.push(['Origin', origin]);
  if (target.auth !== undefined && named('authorization') === undefined) {
    fields.push(['Authorization', target.auth]);
  }
  if (named('user-agent') === undefined)
    fields.push(['User-Agent', `lws-pool/${versions.lwsPool}`]);
  fields.push(...given.filter(([name]) => name.toLowerCase() !== 'origin'));
  return { line: `GET ${target.path} HTTP/1.1`, headers: fields };
}

function safeRequest({ line, headers }: WebSocketReport['request']): WebSocketReport['request'] {
  return {
    line: safeUrl(line),
    headers: [...headers.map(safeHeader), ['Sec-WebSocket-Key', '(random)']],
  };
}

function linesOf(headers: HeaderFields): HeaderLine[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => safeHeader([name, one])),
  );
}

import { VERSION } from '../base/version.js';
import type { ConnectionUrl } from '../connection/url.js';
import { createError } from '../errors/errors.js';
import type { EndpointOptions } from '../native.js';
import { native } from '../native.js';
import type { ResolvedBio, ResolvedConnectOptions } from '../options/options.js';
import { tlsContextOf } from './tls-context.js';

/** Most bytes of the request; libwebsockets writes it in one piece. */
const LONGEST_HEAD = 16 * 1024;

/**
 * What native code needs to connect, plain data that any thread can make an endpoint of.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION, ERR_TLS_OPTION
 */
export function endpointOptions(
  url: ConnectionUrl,
  options: ResolvedConnectOptions,
  addresses: readonly string[],
): EndpointOptions {
  return {
    kind: url.kind,
    addresses,
    unixPath: url.unixPath,
    port: url.port,
    requestHead: url.kind === 'ws' ? requestHead(url, options) : '',
    protocols: options.protocols,
    requiresProtocol: options.requireProtocol,
    keepsHeaders: options.keepHeaders,
    tls: url.secure ? tlsContextOf(options.tls, options.bios.some(isCapture)) : 0,
    // A trailing dot says that the name is complete; it is no part of it in certificates.
    // "" asks for no SNI: the certificate still has to be the host's.
    serverName: options.servername || url.host.replace(/\.$/, ''),
    sendsServerName: options.servername !== '',
    localAddresses: options.localAddress,
    timeout: options.timeout,
    closeTimeout: options.closeTimeout,
    maxPayload: options.maxPayload,
    highWaterMark: options.highWaterMark,
    deflate: url.kind === 'ws' && options.compression !== false ? options.compression : undefined,
    bios: url.secure ? options.bios : [],
  };
}

/** The modules of the BIOs that a connection will have. */
export function bioModules(
  { secure }: ConnectionUrl,
  { bios }: ResolvedConnectOptions,
): readonly string[] {
  if (!secure) return [];
  return bios.filter(({ type }) => type === 'custom').map(({ module }) => module as string);
}

function isCapture({ type }: ResolvedBio): boolean {
  return type === 'capture';
}

export function createEndpoint(options: EndpointOptions) {
  return new native.Endpoint(options);
}

/**
 * The opening request (RFC 6455 section 4.1) without its key, which each connection adds.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION where it is too long
 */
function requestHead(url: ConnectionUrl, options: ResolvedConnectOptions): string {
  const lines = [
    `GET ${url.path} HTTP/1.1`,
    `Host: ${url.hostHeader}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
  ];
  if (options.protocols.length > 0) {
    lines.push(`Sec-WebSocket-Protocol: ${options.protocols.join(', ')}`);
  }
  if (options.origin !== undefined) lines.push(`Origin: ${options.origin}`);
  const named = new Set(options.headers.map(([name]) => name.toLowerCase()));
  if (url.auth !== undefined && !named.has('authorization')) {
    lines.push(`Authorization: ${url.auth}`);
  }
  // Some content delivery networks refuse requests without it.
  if (!named.has('user-agent')) lines.push(`User-Agent: lws-pool/${VERSION}`);
  for (const [name, value] of options.headers) {
    if (value !== null) lines.push(`${name}: ${value}`);
  }
  const head = `${lines.join('\r\n')}\r\n`;
  if (head.length > LONGEST_HEAD) {
    throw createError('ERR_INVALID_OPTION', {
      option: url.path.length > LONGEST_HEAD / 2 ? 'url' : 'headers',
      got: `a request of ${head.length} bytes, the URL included`,
      takes: `at most ${LONGEST_HEAD} bytes in all`,
    });
  }
  return head;
}

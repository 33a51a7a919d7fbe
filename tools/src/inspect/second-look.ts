import type { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { ConnectionUrl } from 'lws-pool';
import { certificateReport } from './certificates.js';
import type { Resumption, TlsReport } from './report.js';
import type { InspectSettings } from './settings.js';

/** What a look at a TLS endpoint shows that opens no WebSocket. */
export interface SecondLook {
  /** Milliseconds. */
  readonly tcp: number;
  readonly secured: number;
  readonly tls: TlsReport;
  /** The alert with which the server ended the handshake after all, in OpenSSL's words. */
  readonly alert: string | undefined;
}

export interface LookOptions {
  readonly address: string;
  /** Takes versions and ciphers that nobody should use any more, to see what the server speaks. */
  readonly outdated?: boolean;
  /** Waits for an alert: in TLS 1.3 a server judges our certificate when we are done already. */
  readonly waits?: boolean;
  readonly session?: Buffer;
  readonly signal: AbortSignal;
}

/** Nobody waits for it longer, whatever the time-out. Milliseconds. */
const PATIENCE = 5_000;
/** And where a plain URL makes it unlikely that TLS is spoken. */
const LITTLE_PATIENCE = 1_000;
/** For an alert that may never come. Milliseconds. */
const AFTERMATH = 1_000;

/**
 * Makes a TLS handshake by `node:tls` that refuses no certificate, and ends there: no request is
 * sent, so whoever shows that certificate learns of no header, path or credentials.
 *
 * @returns undefined where the handshake fails
 */
export async function secondLook(
  target: ConnectionUrl,
  settings: InspectSettings,
  options: LookOptions,
): Promise<SecondLook | undefined> {
  const socket = handshake(target, settings, options);
  const began = performance.now();
  let tcp = 0;
  let ocspBytes: number | null = null;
  socket.once('connect', () => {
    tcp = performance.now() - began;
  });
  let alert: string | undefined;
  socket.on('error', (error: Error & { reason?: string }) => {
    alert ??= error.reason;
  });
  socket.once('OCSPResponse', (response: Buffer | null) => {
    ocspBytes = response?.length ? response.length : null;
  });
  try {
    if (!(await secured(socket, patienceFor(target, settings), options.signal))) return undefined;
    const end = performance.now();
    const tls = { ...factsOf(socket, target), ocspBytes };
    if (options.waits) await closed(socket);
    return { tcp, secured: end - began - tcp, tls, alert };
  } finally {
    socket.destroy();
  }
}

/** Whether a second connection may go on with the session of the first. */
export async function tryResumption(
  target: ConnectionUrl,
  settings: InspectSettings,
  options: LookOptions,
): Promise<Resumption> {
  const socket = handshake(target, settings, options);
  try {
    if (!(await secured(socket, patienceFor(target, settings), options.signal))) return 'failed';
    return socket.isSessionReused() ? 'resumed' : 'not resumed';
  } finally {
    socket.destroy();
  }
}

function handshake(
  target: ConnectionUrl,
  { ca, cert, key, servername }: InspectSettings,
  { address, outdated = false, session }: LookOptions,
): tls.TLSSocket {
  return tls.connect({
    host: address,
    port: target.port,
    // RFC 6066, 3: no addresses.
    servername: servername ?? (net.isIP(target.host) === 0 ? target.host.replace(/\.$/, '') : ''),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert, key }),
    ...(session !== undefined && { session }),
    ...(outdated && { minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: false,
    requestOCSP: session === undefined,
  } as tls.ConnectionOptions);
}

function patienceFor({ secure }: ConnectionUrl, { timeout }: InspectSettings): number {
  return Math.min(timeout, secure ? PATIENCE : LITTLE_PATIENCE);
}

function secured(socket: tls.TLSSocket, patience: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const fail = () => resolve(false);
    const timer = setTimeout(fail, patience);
    signal.addEventListener('abort', fail, { once: true });
    socket.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', fail);
      resolve(false);
    });
    // It comes with every failure, and again where the peer resets what is thrown away.
    socket.on('error', fail);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function closed(socket: tls.TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    const timer = setTimeout(resolve, AFTERMATH);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
  });
}

function factsOf(socket: tls.TLSSocket, target: ConnectionUrl): Omit<TlsReport, 'ocspBytes'> {
  const { name, standardName } = socket.getCipher();
  const { authorizationError } = socket as { authorizationError?: unknown };
  const sent = (socket as { servername?: string | false }).servername;
  return {
    source: 'second look',
    version: socket.getProtocol() ?? 'unknown',
    cipher: name,
    cipherStandard: standardName,
    group: groupOf(socket),
    alpn: socket.alpnProtocol || null,
    servername: net.isIP(target.host) === 0 && sent ? sent : null,
    verified: socket.authorized,
    verifyError: socket.authorized ? null : String(authorizationError),
    resumption: 'not tried',
    chain: chainOf(socket),
  };
}

function chainOf(socket: tls.TLSSocket) {
  const now = Date.now();
  const chain: X509Certificate[] = [];
  let certificate = socket.getPeerX509Certificate();
  // A root is its own issuer.
  while (certificate !== undefined && certificate.fingerprint256 !== chain.at(-1)?.fingerprint256) {
    chain.push(certificate);
    certificate = certificate.issuerCertificate;
  }
  return chain.map((one) => certificateReport(one, now));
}

/** By OpenSSL's name for the group, which for a curve is not that of the curve. */
function groupOf(socket: tls.TLSSocket): string | null {
  const { name } = socket.getEphemeralKeyInfo() as { name?: string };
  if (name === undefined) return null;
  return name === 'prime256v1' ? 'secp256r1' : name.toLowerCase();
}

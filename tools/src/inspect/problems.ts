import { STATUS_CODES } from 'node:http';
import type { ConnectionUrl, LwsPoolError } from 'lws-pool';
import { because, errnoNote, escaped, instant, peer, shown } from '../phrases.js';
import type { Problem } from './report.js';
import { safeProtocols } from './secrets.js';
import type { InspectSettings } from './settings.js';

/** What is known when a problem is put into words. */
export interface Circumstances {
  readonly target: ConnectionUrl;
  readonly settings: InspectSettings;
  /** The TLS version that a server speaks which shares none with us. */
  readonly outdated: string | undefined;
  /** Whether the port of a plain URL speaks TLS. */
  readonly speaksTls: boolean;
}

interface Entry {
  /** Exit status: tens for the network, twenties for TLS, thirties for what lies above. */
  readonly status: number;
  headline(error: LwsPoolError, circumstances: Circumstances): string;
  advice(error: LwsPoolError, circumstances: Circumstances): string;
}

/** Anything that has no line of its own below: what concerns this machine and not the endpoint. */
const OTHER: Entry = {
  status: 1,
  headline: ({ code, details }) => `The connection to ${peer(details)} failed: ${code}.`,
  advice: ({ message }) => message,
};

const INVALID_UPGRADE: Entry = {
  status: 31,
  headline: ({ details }) =>
    `The answer of ${peer(details)} is no WebSocket upgrade${because(details.reason)}.`,
  advice: (_error, { speaksTls }) =>
    speaksTls
      ? 'The port speaks TLS: use wss:// in place of ws://.'
      : 'Check that a WebSocket server answers there, and no HTTP cache or old proxy in between.',
};

const ENTRIES: Readonly<Record<string, Entry>> = {
  ERR_NAME_NOT_FOUND: {
    status: 10,
    headline: ({ details }) => `The name "${shown(details.host ?? '')}" has no address.`,
    advice: ({ details }) =>
      `Check its spelling and the DNS search domains of this machine: getent ahosts ${shown(details.host ?? '')}`,
  },
  ERR_NAME_LOOKUP: {
    status: 11,
    headline: ({ details }) =>
      `Looking up "${shown(details.host ?? '')}" failed${errnoNote(details)}.`,
    advice: () => 'The name may well exist. Check /etc/resolv.conf and that its servers answer.',
  },
  ERR_CONNECTION_REFUSED: {
    status: 12,
    headline: ({ details }) => `${peer(details)} refuses connections.`,
    advice: ({ details }) =>
      details.unixPath === undefined
        ? 'Check that the server runs and listens on that address and port: ss -ltn'
        : 'Check that the server runs and that the path is that of its socket: ss -lx',
  },
  ERR_UNREACHABLE: {
    status: 13,
    headline: ({ details }) => `${peer(details)} cannot be reached${errnoNote(details)}.`,
    advice: () => 'Check the address, the routes and the firewalls in between.',
  },
  ERR_HANDSHAKE_TIMEOUT: {
    status: 14,
    headline: ({ details }) =>
      `${peer(details)} did not answer in time${details.phase === undefined ? '' : `: still in ${details.phase}`} after ${(details.timeout ?? 0) / 1000} s.`,
    advice: ({ details }) => TIMEOUTS[details.phase ?? ''] ?? 'Raise --timeout if it is only slow.',
  },
  ERR_CONNECTION_RESET: {
    status: 15,
    headline: ({ details }) =>
      `${peer(details)} cut the connection${details.phase === undefined ? '' : ` during ${details.phase}`}.`,
    advice: (_error, { speaksTls, target }) =>
      speaksTls
        ? 'The port speaks TLS: use wss:// in place of ws://.'
        : target.secure
          ? 'Check that the port speaks TLS (ws:// if not), then the log of the server.'
          : 'Check that it speaks the protocol of the URL, then the log of the server.',
  },

  ERR_ABORTED: {
    status: 1,
    headline: () => 'Interrupted.',
    advice: ({ details }) => `The connection to ${peer(details)} was not open yet.`,
  },

  ERR_TLS_VERSION: {
    status: 20,
    headline: ({ details }, { outdated }) =>
      outdated === undefined
        ? `${peer(details)} and this client share no TLS version.`
        : `${peer(details)} speaks nothing newer than ${outdated}.`,
    advice: () => 'The server has to be brought up to TLS 1.2 or 1.3.',
  },
  ERR_TLS_HANDSHAKE: {
    status: 21,
    headline: ({ details }) =>
      `The TLS handshake with ${peer(details)} failed${because(details.reason)}.`,
    advice: ({ details: { reason = '' } }, { settings }) => handshakeAdvice(reason, settings),
  },
  ERR_TLS_FLOOD: {
    status: 21,
    headline: ({ details }) =>
      `${peer(details)} sends messages of TLS itself, again and again, and no data.`,
    advice: () => 'No honest server does. Ask its operator.',
  },
  ERR_CERT_EXPIRED: {
    status: 22,
    headline: ({ details }) => `${certificate(details.subject)} expired${on(details.validTo)}.`,
    advice: () => 'Its operator has to renew it. If the date is wrong, so is the clock here.',
  },
  ERR_CERT_NOT_YET_VALID: {
    status: 23,
    headline: ({ details }) =>
      `${certificate(details.subject)} is not valid yet${details.validFrom ? `, but from ${instant(details.validFrom)}` : ''}.`,
    advice: () => 'Check the clock of this machine, then that of the issuer.',
  },
  ERR_CERT_HOSTNAME: {
    status: 24,
    headline: ({ details }) =>
      `The certificate is not for ${shown(details.expected ?? details.host ?? 'this name')}.`,
    advice: ({ details: { altNames, subject } }) =>
      `It is for ${altNames?.length ? shown(altNames.join(', ')) : shown(subject ?? 'other names')}. Connect by such a name, or give it with --servername.`,
  },
  ERR_CERT_SELF_SIGNED: {
    status: 25,
    headline: ({ details }) => `${certificate(details.subject)} is signed by itself alone.`,
    advice: () => 'If you trust it, pass it with --ca; compare its fingerprint with its owner.',
  },
  ERR_CERT_UNKNOWN_CA: {
    status: 26,
    headline: ({ details }) =>
      `${certificate(details.subject)} is from an issuer that is not trusted here.`,
    advice: ({ details }) =>
      `Pass the CA with --ca${details.issuer === undefined ? '' : ` (issuer: ${shown(details.issuer)})`}. If it is a public one, the server leaves out an intermediate certificate.`,
  },
  ERR_CERT_INVALID: {
    status: 27,
    headline: ({ details }) =>
      `${certificate(details.subject)} failed verification${because(details.reason)}.`,
    advice: () => 'Its operator has to replace it.',
  },

  ERR_UPGRADE_REFUSED: {
    status: 30,
    headline: ({ details }) =>
      `${peer(details)} refused the upgrade with ${statusOf(details.status ?? 0)}.`,
    advice: ({ details }) => upgradeAdvice(details.status ?? 0),
  },
  ERR_UPGRADE_INVALID: INVALID_UPGRADE,
  ERR_ACCEPT_MISMATCH: {
    ...INVALID_UPGRADE,
    headline: ({ details }) =>
      `The Sec-WebSocket-Accept of ${peer(details)} belongs to another request.`,
  },
  ERR_EXTENSION: {
    ...INVALID_UPGRADE,
    headline: ({ details }) =>
      `${peer(details)} chose an extension that was not offered: ${shown(details.received ?? '')}.`,
    advice: () => 'The server has to be corrected: RFC 6455, section 4.1.',
  },
  ERR_SUBPROTOCOL: {
    status: 32,
    headline: ({ details }) =>
      `${peer(details)} chose the subprotocol "${shown(safeProtocols(details.received ?? ''))}", which was not offered.`,
    advice: ({ details }) => `Offer it with --protocol${offered(details.expected)}.`,
  },
};

/** What is wrong with an endpoint whose connection did not open. */
export function problemOf(
  error: LwsPoolError,
  circumstances: Circumstances,
): { readonly problem: Problem; readonly exitStatus: number } {
  const entry = ENTRIES[error.code] ?? OTHER;
  return {
    problem: {
      code: error.code,
      headline: capital(entry.headline(error, circumstances)),
      advice: entry.advice(error, circumstances),
    },
    exitStatus: entry.status,
  };
}

/** `403 Forbidden` */
export function statusOf(status: number): string {
  const text = STATUS_CODES[status];
  return text === undefined ? String(status) : `${status} ${text}`;
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  'name lookup': 'Check /etc/resolv.conf and that its name servers answer.',
  TCP: 'A firewall may drop its packets, or the machine is down. Raise --timeout if it is only slow.',
  TLS: 'It takes connections and speaks no TLS: check the port. Raise --timeout if it is only slow.',
  upgrade:
    'It takes requests and gives no answer: look at its log. Raise --timeout if it is only slow.',
};

function handshakeAdvice(reason: string, { cert }: InspectSettings): string {
  if (/wrong version number|packet length|http request/.test(reason)) {
    return 'The port does not speak TLS: use ws:// if plain WebSocket is meant, or another port.';
  }
  if (/certificate required|bad certificate|unknown ca|certificate unknown/.test(reason)) {
    return cert === undefined
      ? 'The server asks for a certificate of the client: give one with --cert and --key.'
      : 'The server does not take the certificate of --cert: ask its operator which CA it trusts.';
  }
  if (/unrecognized name/.test(reason)) {
    return 'The server knows no host of that name: check it, or give another with --servername.';
  }
  return 'Check that the port speaks TLS, and its ciphers and versions, in the log of the server.';
}

function upgradeAdvice(status: number): string {
  if (status === 401 || status === 407) {
    return 'Give credentials: in the URL, or --header "Authorization: ...".';
  }
  if (status === 403) return 'Check the credentials and the origin: --origin https://...';
  if (status === 404) return 'Check the path of the URL: no WebSocket is served there.';
  if (status === 426) return 'The server wants another version of the protocol; see its headers.';
  if (status >= 300 && status < 400)
    return 'It points elsewhere: see "location", and inspect that.';
  if (status === 429) return 'Too many requests: try again later; see "retry-after".';
  if (status >= 500) return 'The server, or the one behind its proxy, has failed: see its log.';
  if (status === 200) return 'Ordinary HTTP answers there: check path and port.';
  return 'Check path, credentials and origin; the answer below may say more.';
}

function offered(list: string | undefined): string {
  return list === undefined || list === '' ? '' : `, beside ${escaped(safeProtocols(list))}`;
}

function certificate(subject: string | undefined): string {
  return subject === undefined ? 'The certificate' : `The certificate "${shown(subject)}"`;
}

function on(date: Date | undefined): string {
  return date === undefined ? '' : ` on ${instant(date)}`;
}

function capital(text: string): string {
  return text.replace(/^the server/, 'The server');
}

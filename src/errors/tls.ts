import type { ErrorDetails, ErrorEntry } from './details.js';
import { because, instant, note, peer, peerAtStart, shown } from './phrases.js';

/** `The certificate of example.com:443 (subject "CN=example.com")`. */
function certificate(details: ErrorDetails): string {
  return `The certificate of ${peer(details)}${note(' (subject "', details.subject, '")')}`;
}

function names({ altNames, subject }: ErrorDetails): string {
  if (altNames !== undefined && altNames.length > 0) return shown(altNames.join(', '));
  return subject === undefined ? 'other names' : `only ${shown(subject)}`;
}

/** The peer's certificate was refused: thrown as a `CertificateError`. */
export const CERTIFICATE_ERRORS = {
  ERR_CERT_EXPIRED: {
    summary: "The server's certificate, or one above it, has expired.",
    message: (details) =>
      `${certificate(details)} expired${details.validTo ? ` on ${instant(details.validTo)}` : ''}. Have it renewed, and check the clock of this machine.`,
  },
  ERR_CERT_NOT_YET_VALID: {
    summary: "The server's certificate, or one above it, is not valid yet.",
    message: (details) =>
      `${certificate(details)} is not valid${details.validFrom ? ` before ${instant(details.validFrom)}` : ' yet'}. Check the clock of this machine, then that of the issuer.`,
  },
  ERR_CERT_HOSTNAME: {
    summary: "The server's certificate is for another name.",
    message: (details) =>
      `${certificate(details)} is not for ${shown(details.expected ?? details.host ?? 'this name')}: it names ${names(details)}. Connect by a name it holds, or give that name as "tls.servername".`,
  },
  ERR_CERT_SELF_SIGNED: {
    summary: "The server's certificate, or the root of its chain, is signed by itself alone.",
    message: (details) =>
      `${certificate(details)} is self-signed${because(details.reason)}. If you trust it, pass it as "tls.ca" or add it to NODE_EXTRA_CA_CERTS.`,
  },
  ERR_CERT_UNKNOWN_CA: {
    summary: "The server's certificate comes from an issuer that is not trusted.",
    message: (details) =>
      `${certificate(details)} was issued by ${details.issuer === undefined ? 'a CA' : `"${shown(details.issuer)}"`}, which is not trusted here. Pass its CA as "tls.ca"; if it is a public one, the server leaves out an intermediate certificate.`,
  },
  ERR_CERT_INVALID: {
    summary: "The server's certificate failed verification for another reason.",
    message: (details) =>
      `${certificate(details)} failed verification${because(details.reason)}. The server's operator has to replace it.`,
  },
} as const satisfies Record<string, ErrorEntry>;

/** The TLS handshake failed for another reason than the certificate, or something after it. */
export const TLS_ERRORS = {
  ERR_TLS_VERSION: {
    summary: 'Client and server share no TLS version.',
    message: (details) =>
      `${peerAtStart(details)} and this client share no TLS version${because(details.reason)}. Compare "tls.minVersion" and "tls.maxVersion" with what the server offers.`,
  },
  ERR_TLS_HANDSHAKE: {
    summary: "The TLS handshake failed; OpenSSL's reason is in the message.",
    message: (details) =>
      `The TLS handshake with ${peer(details)} failed${because(details.reason)}. Check that the port speaks TLS, and whether it asks for a client certificate or other ciphers.`,
  },
  ERR_TLS_FLOOD: {
    summary: 'The server sent messages of TLS itself, again and again, and no data.',
    message: (details) =>
      `${peerAtStart(details)} sent more than ${details.limit ?? 64} messages of TLS itself within ten seconds (session tickets, new keys, requests to renegotiate), and no data between them. No honest server does: the connection was closed. Ask its operator.`,
  },
  ERR_KEYLOG: {
    summary: 'The file of the option tls.keylog cannot be used.',
    message: ({ file = '', reason }) =>
      `The key log "${shown(file)}" cannot be used${because(reason)}. It has to be a regular file of this user alone (mode 0600), or not to be there; nothing was connected.`,
  },
  ERR_BIO: {
    summary: 'A BIO of the connection could not be made, or failed.',
    message: (details) =>
      `A BIO of the connection to ${peer(details)} failed${because(details.reason)}. No other connection is touched; look at the option "tls.bio" or at the error's cause.`,
  },
  ERR_TLS_OPERATION: {
    summary: 'OpenSSL cannot do with this TLS connection what a lease asked of it.',
    message: ({
      operation = 'The operation',
      reason,
      hint = 'Check the arguments; if the connection itself has failed, open a new one.',
    }) =>
      `${shown(operation)} is not possible on this connection${because(reason)}. ${shown(hint)}`,
  },
} as const satisfies Record<string, ErrorEntry>;

import type { ErrorDetails, ErrorEntry } from './details.js';
import { because, note, peerAtStart, shown } from './phrases.js';

/** ` with 403 Forbidden` where the status is known. */
function withStatus({ status, statusText }: ErrorDetails): string {
  return status === undefined ? '' : ` with ${status}${note(' ', statusText)}`;
}

function quoted(text: string | undefined, otherwise: string): string {
  return text === undefined ? otherwise : `"${shown(text)}"`;
}

/** What is wrong with a parameter of an extension. */
function misfit({ parameter, problem }: ErrorDetails): string | undefined {
  return parameter === undefined ? undefined : `"${shown(parameter)}" ${problem}`;
}

/** The HTTP upgrade to WebSocket failed (RFC 6455 section 4.1): thrown as an `UpgradeError`. */
export const UPGRADE_ERRORS = {
  ERR_UPGRADE_REFUSED: {
    summary: 'The server answered the upgrade with a status other than 101.',
    message: (details) =>
      `${peerAtStart(details)} refused the WebSocket upgrade${withStatus(details)}. Check path, credentials and origin; the error holds the answer's headers and the start of its body.`,
  },
  ERR_UPGRADE_INVALID: {
    summary: "The server's answer is not a WebSocket upgrade or not HTTP.",
    message: (details) =>
      `${peerAtStart(details)} answered the WebSocket upgrade${withStatus(details)} in a way RFC 6455 does not allow${because(details.reason)}${note(' but "', details.received, '"')}. Check that a WebSocket server, and no HTTP cache or old proxy, answers there.`,
  },
  ERR_ACCEPT_MISMATCH: {
    summary: "The server's Sec-WebSocket-Accept does not belong to this request.",
    message: (details) =>
      `${peerAtStart(details)} sent Sec-WebSocket-Accept ${quoted(details.received, 'missing')} where ${quoted(details.expected, 'another value')} was due: the answer belongs to another request. Look for a cache or proxy in between.`,
  },
  ERR_SUBPROTOCOL: {
    summary:
      'The server chose a subprotocol that was not offered, or none where the option requireProtocol is set.',
    message: (details) =>
      details.received === undefined && details.expected
        ? `${peerAtStart(details)} chose no subprotocol; offered were ${shown(details.expected)}, and "requireProtocol" insists on one. Offer one that the server speaks, or leave that option out.`
        : `${peerAtStart(details)} chose the subprotocol ${quoted(details.received, '(none)')}; offered were ${details.expected === undefined || details.expected === '' ? 'none' : shown(details.expected)}. Offer it in "protocols" or correct the server.`,
  },
  ERR_EXTENSION: {
    summary: 'The server chose an extension, or parameters of one, that was not offered.',
    message: (details) =>
      `${peerAtStart(details)} chose the extension ${quoted(details.received, '(unnamed)')}, which was not offered in that form${because(details.reason ?? misfit(details))}. Correct the server.`,
  },
} as const satisfies Record<string, ErrorEntry>;

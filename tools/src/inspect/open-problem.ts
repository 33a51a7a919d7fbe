import type { Connection } from 'lws-pool';
import { shown } from '../phrases.js';
import type { PingsReport, Problem } from './report.js';
import { safeProtocols } from './secrets.js';
import type { InspectSettings } from './settings.js';

/** How a connection was closed: RFC 6455, 7.4. */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** What can be wrong with a connection that opened all the same. */
export function openProblem({
  connection: { protocol, kind },
  settings: { protocols, timeout },
  pings,
  close,
  interrupted,
}: {
  readonly connection: Connection;
  readonly settings: InspectSettings;
  readonly pings: PingsReport | null;
  readonly close: Close | undefined;
  readonly interrupted: boolean;
}): { readonly problem: Problem; readonly exitStatus: number } | undefined {
  if (interrupted) {
    return found(1, 'ERR_ABORTED', 'Interrupted.', 'The connection was open; not all was seen.');
  }
  if (kind === 'ws' && protocols.length > 0 && protocol === '') {
    return found(
      32,
      'ERR_NO_SUBPROTOCOL',
      `The server chose none of the subprotocols that were offered.`,
      `Offered were: ${safeProtocols(protocols.join(', '))}. Ask its operator which it speaks.`,
    );
  }
  if (close !== undefined) {
    const reason = close.reason === '' ? '' : ` "${shown(close.reason)}"`;
    return found(
      33,
      'ERR_CLOSED_EARLY',
      `The server closed the connection as soon as it was open (code ${close.code}${reason}).`,
      'Look at its log: it may want credentials, an origin or a first message in time.',
    );
  }
  if (pings !== null && pings.answered < pings.sent) {
    return found(
      34,
      'ERR_NO_PONG',
      `The server did not answer ping ${pings.sent} within ${timeout / 1000} s.`,
      'RFC 6455, 5.5.3 demands it. The server hangs, or something in between drops frames.',
    );
  }
  return undefined;
}

function found(exitStatus: number, code: string, headline: string, advice: string) {
  return { problem: { code, headline, advice }, exitStatus };
}

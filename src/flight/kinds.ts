import { getSystemErrorName } from 'node:util';
import { TCP_STATES } from '../base/tcp-info-fields.js';
import { lwsReason, tlsAlert, tlsContent, tlsHandshake, tlsVersion } from './names.js';

/** Category of a {@link FlightEvent}. */
export type FlightCategory = 'phase' | 'lws' | 'tls' | 'io' | 'ws' | 'lease' | 'error';

/** Facts of a {@link FlightEvent}, by name: `bytes`, `errno`, `message`, ... */
export type FlightFacts = Readonly<Record<string, string | number | boolean>>;

/** Something that happened on a connection. */
export interface FlightEvent {
  /** Milliseconds since the epoch, with a fraction, by the monotonic clock. */
  readonly time: number;
  /** `queued`, `connected`, `tls`, `read`, `lease granted`, ... */
  readonly name: string;
  /** Category of the event. */
  readonly category: FlightCategory;
  /** `in`: from the peer; `out`: to the peer; undefined: neither. */
  readonly direction: 'in' | 'out' | undefined;
  /** More facts of it; `bytes` are bytes. */
  readonly facts: FlightFacts;
}

/** What was recorded of a connection, see FlightRecord. */
export interface Recorded {
  readonly id: string;
  readonly url: string | undefined;
  readonly worker: number;
  readonly lost: number;
  readonly error: string | undefined;
  readonly events: readonly FlightEvent[];
}

/** The numbers of an entry, see native/core/flight/flight_recorder.h. */
export interface Numbers {
  readonly a: number;
  readonly b: number;
  readonly detail: number;
}

/** What the entries of a kind mean. */
export interface Kind {
  readonly name: string;
  readonly category: FlightCategory;
  readonly direction?: 'in' | 'out';
  facts?(numbers: Numbers): FlightFacts;
}

const bytes = ({ a }: Numbers) => ({ bytes: a });
const code = ({ a }: Numbers) => ({ code: a });
const byHolder = ({ detail }: Numbers) => (detail === 1 ? { by: 'lease' } : {});
const side = ({ detail }: Numbers) => (detail === 0 ? 'main thread' : 'handler');
const mode = ({ b }: Numbers) => (b === 1 ? 'exclusive' : 'shared');
const request = (numbers: Numbers) => ({ request: numbers.a, of: side(numbers) });
const lease = (numbers: Numbers) => ({ lease: numbers.a, mode: mode(numbers), of: side(numbers) });

function tls({ a, b }: Numbers): FlightFacts {
  const type = tlsContent(a >>> 16);
  if (type === 'handshake') return { type, message: tlsHandshake(a & 0xffff), bytes: b };
  if (type !== 'alert') return { type, bytes: b };
  const level = ((a >> 8) & 0xff) === 2 ? 'fatal' : 'warning';
  return { type, level, alert: tlsAlert(a & 0xff) };
}

function failure({ a, b }: Numbers): FlightFacts {
  return {
    ...(a === 0 ? {} : { errno: getSystemErrorName(-a) }),
    ...(b === 0 ? {} : { code: b }),
  };
}

/** With the names that tcpInfo() of a lease has for them; `rtt` in microseconds. */
function tcpInfo({ a, b, detail }: Numbers): FlightFacts {
  return {
    state: TCP_STATES[(detail >> 4) - 1] ?? 'UNKNOWN',
    rtt: a,
    retransmits: detail & 0xf,
    unacked: b >>> 16,
    lost: b & 0xffff,
  };
}

/** By number, as native/core/flight/flight_recorder.h has them. */
export const KINDS: Readonly<Record<number, Kind>> = {
  1: { name: 'queued', category: 'phase' },
  2: { name: 'begun', category: 'phase' },
  3: { name: 'attempt', category: 'phase', facts: ({ a }) => ({ address: a + 1 }) },
  4: { name: 'connected', category: 'phase' },
  5: {
    name: 'secured',
    category: 'phase',
    facts: ({ a, b }) => ({ protocol: tlsVersion(a), resumed: b === 1 }),
  },
  6: { name: 'opened', category: 'phase' },
  7: { name: 'closed', category: 'phase', facts: code },
  10: {
    name: 'callback',
    category: 'lws',
    facts: ({ a, b }) => ({ reason: lwsReason(a), ...(b === 0 ? {} : { size: b }) }),
  },
  11: { name: 'answer', category: 'phase', direction: 'in', facts: ({ a }) => ({ status: a }) },
  12: { name: 'timeout', category: 'error' },
  13: { name: 'abandoned', category: 'phase' },
  20: { name: 'tls', category: 'tls', direction: 'in', facts: tls },
  21: { name: 'tls', category: 'tls', direction: 'out', facts: tls },
  30: {
    name: 'read',
    category: 'io',
    direction: 'in',
    facts: (numbers) => ({ ...bytes(numbers), ...byHolder(numbers) }),
  },
  31: {
    name: 'write',
    category: 'io',
    direction: 'out',
    facts: (numbers) => ({
      ...bytes(numbers),
      ...(numbers.b > numbers.a ? { of: numbers.b } : {}),
      ...byHolder(numbers),
    }),
  },
  32: { name: 'write blocked', category: 'io', facts: ({ a }) => ({ waiting: a }) },
  33: {
    name: 'peer ended',
    category: 'io',
    direction: 'in',
    facts: ({ detail }): FlightFacts => (detail === 1 ? { truncated: true } : {}),
  },
  34: { name: 'ended', category: 'io', direction: 'out' },
  35: { name: 'paused', category: 'io' },
  36: { name: 'resumed', category: 'io' },
  37: { name: 'stalled', category: 'io' },
  38: { name: 'unstalled', category: 'io' },
  39: { name: 'slowed by a BIO', category: 'io' },
  40: { name: 'ping', category: 'ws', direction: 'in', facts: bytes },
  41: { name: 'ping', category: 'ws', direction: 'out', facts: bytes },
  42: { name: 'pong', category: 'ws', direction: 'in', facts: bytes },
  43: { name: 'pong', category: 'ws', direction: 'out', facts: bytes },
  44: { name: 'close', category: 'ws', direction: 'in', facts: code },
  45: { name: 'close', category: 'ws', direction: 'out', facts: code },
  50: {
    name: 'lease wished',
    category: 'lease',
    facts: (numbers) => ({ ...request(numbers), mode: mode(numbers) }),
  },
  51: { name: 'lease refused', category: 'lease', facts: request },
  52: { name: 'lease given up', category: 'lease', facts: request },
  53: { name: 'lease granted', category: 'lease', facts: lease },
  54: { name: 'lease returned', category: 'lease', facts: lease },
  55: { name: 'lease revoked', category: 'lease', facts: lease },
  56: { name: 'lease expired', category: 'lease', facts: lease },
  57: { name: 'lease tainted', category: 'lease', facts: lease },
  58: { name: 'detached', category: 'lease', facts: lease },
  59: { name: 'parked', category: 'lease' },
  60: { name: 'rejoined', category: 'lease' },
  70: { name: 'error', category: 'error', facts: failure },
  71: { name: 'tcp info', category: 'error', facts: tcpInfo },
  72: {
    name: 'tcp sent',
    category: 'error',
    facts: ({ a, b }) => ({ sndCwnd: a, totalRetrans: b }),
  },
};

export function kindOf(number: number): Kind {
  return KINDS[number] ?? { name: `event ${number}`, category: 'error' };
}

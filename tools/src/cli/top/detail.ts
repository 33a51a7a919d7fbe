import { bytes, count, micros } from '../quantities.js';
import { duration, number, part } from './numbers.js';
import { type Line, readable, sized, span } from './text.js';

type Fact = readonly [name: string, value: string];

const LABEL = 18;
const TWO_COLUMNS = 76;

/** One connection, as far as it is known. */
export function renderDetail(connection: unknown, now: number, width: number): Line[] {
  const sections: [string, readonly Fact[]][] = [
    ['Phases', phasesOf(part(connection, 'phases'), now)],
    ['Traffic', trafficOf(connection)],
    ['TLS', tlsOf(part(connection, 'tls'))],
    ['TCP', tcpOf(part(connection, 'tcp'))],
  ];
  const facts = inColumns([...factsOf(connection), ...unread(connection)], width);
  const rest = sections.flatMap(([title, facts]) =>
    facts.length === 0 ? [] : [[span(title, 'strong')], ...inColumns(facts, width)],
  );
  return [...facts, ...rest];
}

/** Why there is nothing from the kernel and TLS, where there is not. */
function unread(connection: unknown): Fact[] {
  if (part(connection, 'tcp') !== undefined) return [];
  const isSingle = part(connection, 'remoteAddress') !== undefined;
  return [
    [
      'TCP and TLS',
      isSingle ? 'not read: it is not open, or leased' : 'read for single ones alone',
    ],
  ];
}

/** Two beside each other where there is room. */
function inColumns(facts: readonly Fact[], width: number): Line[] {
  const two = width >= TWO_COLUMNS;
  const half = two ? Math.floor(width / 2) : width;
  const lines: Line[] = [];
  let left: Fact | undefined;
  const add = (...row: readonly Fact[]) => {
    lines.push(
      row.flatMap(([name, value], at) => [
        span(sized(`  ${name}`, LABEL), 'faint'),
        span(at === 0 && row.length > 1 ? sized(value, half - LABEL) : value),
      ]),
    );
  };
  for (const fact of facts) {
    const long = !two || fact[1].length > half - LABEL - 1;
    if (left !== undefined && long) {
      add(left);
      left = undefined;
    }
    if (long) add(fact);
    else if (left === undefined) left = fact;
    else {
      add(left, fact);
      left = undefined;
    }
  }
  if (left !== undefined) add(left);
  return lines;
}

type Show = (value: number) => string;

/** Those numbers of an object that there are. */
function numbers(of: unknown, ...wanted: readonly [string, string, Show][]): Fact[] {
  return wanted.flatMap(([name, key, show]): Fact[] => {
    const value = number(part(of, key));
    return value === undefined ? [] : [[name, show(value)]];
  });
}

function texts(of: unknown, ...wanted: readonly [string, string][]): Fact[] {
  return wanted.flatMap(([name, key]): Fact[] => {
    const value = part(of, key);
    if (value === undefined || value === null || value === '') return [];
    return [[name, readable(String(value))]];
  });
}

function factsOf(connection: unknown): Fact[] {
  const secure = part(connection, 'secure') === true ? ' with TLS' : '';
  const end = (of: 'remote' | 'local'): Fact[] => {
    const address = part(connection, `${of}Address`);
    const port = number(part(connection, `${of}Port`));
    if (typeof address !== 'string' || address === '' || port === undefined) return [];
    return [[of, readable(`${address.includes(':') ? `[${address}]` : address}:${port}`)]];
  };
  const group = number(part(connection, 'group')) ?? 0;
  return [
    ...texts(connection, ['url', 'url'], ['id', 'id'], ['state', 'state']),
    ['kind', readable(String(part(connection, 'kind'))) + secure],
    ['worker', `${number(part(connection, 'worker'))}${group === 0 ? '' : `, group ${group}`}`],
    ...end('remote'),
    ...end('local'),
    ...texts(connection, ['subprotocol', 'protocol'], ['extensions', 'extensions']),
  ];
}

const PHASES: readonly [label: string, name: string][] = [
  ['name looked up', 'resolved'],
  ['handed over', 'queued'],
  ['begun', 'begun'],
  ['TCP', 'connected'],
  ['TLS', 'secured'],
  ['opened', 'opened'],
];

/** Each with the time since the one before. */
function phasesOf(phases: unknown, now: number): Fact[] {
  const facts: Fact[] = [];
  let last = number(part(phases, 'requested'));
  for (const [label, name] of PHASES) {
    const time = number(part(phases, name));
    if (time === undefined) continue;
    if (last !== undefined) facts.push([label, `after ${duration(time - last)}`]);
    last = time;
  }
  for (const [label, name] of [
    ['open for', 'opened'],
    ['first message', 'firstMessage'],
    ['last read', 'lastRead'],
    ['last write', 'lastWrite'],
  ] as const) {
    const time = number(part(phases, name));
    if (time === undefined) continue;
    const since = now - time;
    if (name === 'opened') facts.push([label, duration(since)]);
    else facts.push([label, since < 1 ? 'just now' : `${duration(since)} ago`]);
  }
  return facts;
}

function trafficOf(connection: unknown): Fact[] {
  const both = (name: string, one: string, other: string, show: Show): Fact => {
    const shown = [one, other].map((key) => show(number(part(connection, key)) ?? 0));
    return [name, `${shown[0]} in, ${shown[1]} out`];
  };
  const pings = part(connection, 'pings');
  const trip = part(pings, 'roundTrip');
  const leases = part(connection, 'leases');
  const trips = numbers(trip, ['last', 'last', duration], ['min', 'min', duration]);
  trips.push(...numbers(trip, ['mean', 'mean', duration], ['max', 'max', duration]));
  const held = numbers(leases, ['held', 'holdTotal', duration], ['most', 'holdMax', duration]);
  const leased = number(part(leases, 'count')) ?? 0;
  return [
    both('messages', 'messagesReceived', 'messagesSent', count),
    both('bytes', 'bytesReceived', 'bytesSent', bytes),
    both('calls', 'reads', 'writes', count),
    [
      'queued',
      `${queued(connection, 'queuedBytes')}, most ${queued(connection, 'queuedBytesMax')}`,
    ],
    [
      'pings',
      ['sent', 'answered', 'received'].map((key) => `${figure(pings, key)} ${key}`).join(', '),
    ],
    ...(trips.length === 0 ? [] : [['round trip', listed(trips)] as const]),
    ['leases', leased === 0 ? 'none' : `${count(leased)}, ${listed(held)}`],
  ];
}

function listed(facts: readonly Fact[]): string {
  return facts.map(([name, value]) => `${name} ${value}`).join(', ');
}

function queued(connection: unknown, key: string): string {
  return bytes(figure(connection, key));
}

function figure(of: unknown, key: string): number {
  return number(part(of, key)) ?? 0;
}

function tlsOf(tls: unknown): Fact[] {
  if (tls === undefined) return [];
  return [
    ...texts(tls, ['version', 'protocol']),
    ...texts(part(tls, 'cipher'), ['cipher', 'name']),
    ...texts(tls, ['ALPN', 'alpn'], ['server name', 'servername']),
    ['resumed', part(tls, 'sessionReused') === true ? 'yes' : 'no'],
    ...texts(tls, ['verified', 'verifyResult']),
  ];
}

const segments: Show = (value) => `${count(value)} segments`;
const perSecond: Show = (value) => `${bytes(value)}/s`;
const fromMicros: Show = (value) => micros(value).replace('\u00b5', 'u');
const ago: Show = (value) => `${duration(value)} ago`;

function tcpOf(tcp: unknown): Fact[] {
  if (tcp === undefined) return [];
  return [
    ...texts(tcp, ['state', 'state'], ['congestion', 'caState']),
    ...numbers(
      tcp,
      ['round trip', 'rtt', fromMicros],
      ['varies by', 'rttvar', fromMicros],
      ['shortest', 'minRtt', fromMicros],
      ['timeout', 'rto', fromMicros],
      ['window', 'sndCwnd', segments],
      ['unacknowledged', 'unacked', segments],
      ['lost', 'lost', segments],
      ['retransmitted', 'totalRetrans', segments],
      ['delivery rate', 'deliveryRate', perSecond],
      ['not sent yet', 'notsentBytes', bytes],
      ['busy', 'busyTime', fromMicros],
      ['peer limits', 'rwndLimited', fromMicros],
      ['buffer limits', 'sndbufLimited', fromMicros],
      ['segment size', 'sndMss', bytes],
      ['path takes', 'pmtu', bytes],
      ['data came', 'lastDataRecv', ago],
      ['data went', 'lastDataSent', ago],
    ),
  ];
}

import type { Tally } from '../workers/control.js';
import { Tallies } from '../workers/tally.js';
import { mergedPercentiles, type Percentiles } from './latency.js';
import type { ExchangeReport } from './messages.js';
import type { LoadSettings } from './settings.js';

/** The outcome of a load run as `--json` prints it; docs/load-testing.md explains each field. */
export interface LoadFigures {
  readonly connections: {
    readonly requested: number;
    readonly opened: number;
    readonly failed: number;
    readonly perSecond: number;
  };
  readonly messages: {
    readonly sent: number;
    readonly received: number;
    readonly lost: number;
    readonly perSecond: number;
  };
  /** Null where nothing was answered. */
  readonly latencyMicros: { readonly [Name in keyof Percentiles]: number | null };
  /** Payload, sent and received. */
  readonly bytes: number;
  readonly errors: readonly {
    readonly code: string;
    readonly count: number;
    readonly message: string;
  }[];
  /** Bytes; null where nothing could be measured. */
  readonly memory: { readonly rssPerConnection: number | null };
  /** In which messages were sent. */
  readonly seconds: number;
  readonly threads: number;
}

/** The figures and what else people like to know. */
export interface LoadReport {
  readonly settings: LoadSettings;
  readonly figures: LoadFigures;
  /** From the first attempt to the last open connection. */
  readonly openingSeconds: number;
  readonly sentPerSecond: number;
  /** Messages per second that the rate asked for and that were not sent. */
  readonly shortfall: number;
  readonly interrupted: boolean;
}

/** What a run observed. */
export interface LoadObservations {
  readonly settings: LoadSettings;
  readonly threads: number;
  readonly opened: number;
  readonly failures: readonly ReadonlyMap<string, Readonly<Tally>>[];
  /** How many of the failures are connections that were never open. */
  readonly failed: number;
  readonly reports: readonly ExchangeReport[];
  readonly rssPerConnection: number | undefined;
  readonly interrupted: boolean;
}

export function summarize(seen: LoadObservations): LoadReport {
  const { settings, reports, opened } = seen;
  const windows = reports.map(({ window }) => window).filter(({ seconds }) => seconds > 0);
  const sent = sum(reports.map((report) => report.sent));
  const received = sum(reports.map((report) => report.received));
  const sentInTime = sum(windows.map((window) => window.sent));
  const sentPerSecond = sum(windows.map((window) => window.sent / window.seconds));
  const due = sum(reports.map((report) => report.due));
  const seconds = Math.max(0, ...windows.map((window) => window.seconds));
  const openingSeconds = secondsToOpen(reports, opened);
  const latency = mergedPercentiles(
    reports.flatMap((report) => (report.latency === undefined ? [] : [report.latency])),
  );
  return {
    settings,
    openingSeconds,
    sentPerSecond,
    shortfall: seconds === 0 ? 0 : Math.max(0, due - sentInTime) / seconds,
    interrupted: seen.interrupted,
    figures: {
      connections: {
        requested: settings.connections,
        opened,
        failed: seen.failed,
        perSecond: openingSeconds === 0 ? 0 : rounded(opened / openingSeconds, 1),
      },
      messages: {
        sent,
        received,
        // With what a worker that died had on its way.
        lost: sent - received,
        perSecond: rounded(sum(windows.map((window) => window.received / window.seconds)), 1),
      },
      latencyMicros: latency ?? { p50: null, p90: null, p99: null, p999: null, max: null },
      bytes: (sent + received) * settings.size,
      errors: errorsOf([...seen.failures, ...reports.map((report) => report.incidents)]),
      memory: { rssPerConnection: seen.rssPerConnection ?? null },
      seconds: rounded(seconds, 3),
      threads: seen.threads,
    },
  };
}

/** Whether all went as it should: what the exit status says. */
export function succeeded({ connections, messages, errors }: LoadFigures): boolean {
  return connections.opened === connections.requested && messages.lost === 0 && errors.length === 0;
}

function errorsOf(tallies: readonly ReadonlyMap<string, Readonly<Tally>>[]) {
  const all = new Tallies();
  for (const some of tallies) all.merge(some);
  return [...all]
    .map(([code, { count, message }]) => ({ code, count, message }))
    .sort((one, other) => other.count - one.count);
}

function secondsToOpen(reports: readonly ExchangeReport[], opened: number): number {
  if (opened === 0 || reports.length === 0) return 0;
  const from = Math.min(...reports.map(({ opening }) => opening.from));
  const until = Math.max(...reports.map(({ opening }) => opening.until));
  return (until - from) / 1e3;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function rounded(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}

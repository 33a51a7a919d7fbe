import type { Tally } from 'lws-pool';
import type { Inspection } from './inspection.js';
import type { ExchangeReport } from './messages.js';
import { mergedPercentiles } from './percentiles.js';
import type { LoadReport } from './report.js';
import type { LoadSettings } from './settings.js';
import { Tallies } from './tallies.js';

/** What a run observed. */
export interface LoadObservations {
  readonly settings: LoadSettings;
  /** Without credentials. */
  readonly url: string;
  readonly threads: number;
  readonly opened: number;
  readonly failures: readonly ReadonlyMap<string, Readonly<Tally>>[];
  /** How many of the failures are connections that were never open. */
  readonly failed: number;
  readonly reports: readonly ExchangeReport[];
  readonly rssPerConnection: number | undefined;
  readonly inspection: Inspection | undefined;
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
    url: seen.url,
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
      lease: seen.inspection ?? null,
      memory: { rssPerConnection: seen.rssPerConnection ?? null },
      seconds: rounded(seconds, 3),
      threads: seen.threads,
    },
  };
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

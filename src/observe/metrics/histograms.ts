import { type Durations, sumOfDurations } from '../../channel/durations.js';
import { type WorkerDurationName, workerDurations } from '../../channel/figures.js';
import type { PoolReading } from './source.js';

/** How often something took how long. */
export interface Histogram {
  /** Without `lws_pool_`. */
  readonly name: string;
  readonly help: string;
  read(reading: PoolReading): readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly durations: Durations;
  }[];
}

function ofWorkers({ workers }: PoolReading, name: WorkerDurationName): readonly Durations[] {
  return workers.map(({ totals }) => workerDurations(totals, name));
}

const PHASES = ['queue', 'tcp', 'tls', 'upgrade'] as const;

/** Workers are added up: they differ in their load, and that has metrics of its own. */
export const HISTOGRAMS: readonly Histogram[] = [
  {
    name: 'connect_duration_seconds',
    help: 'From connect() until the connection was open; without those of groups.',
    read: ({ main }) => [{ labels: {}, durations: main.connect }],
  },
  {
    name: 'connect_phase_duration_seconds',
    help: 'Phases of connections that were opened: lookup (not of groups), queue, tcp, tls, upgrade.',
    read: (reading) => [
      { labels: { phase: 'lookup' }, durations: reading.main.lookup },
      ...PHASES.map((phase) => ({
        labels: { phase },
        durations: sumOfDurations(ofWorkers(reading, phase)),
      })),
    ],
  },
  {
    name: 'lease_wait_seconds',
    help: 'How long leases were waited for that were granted.',
    read: (reading) => [
      {
        labels: {},
        durations: sumOfDurations([reading.main.leaseWait, ...ofWorkers(reading, 'leaseWait')]),
      },
    ],
  },
  {
    name: 'lease_hold_seconds',
    help: 'How long leases were held that have ended.',
    read: (reading) => [
      {
        labels: {},
        durations: sumOfDurations([reading.main.leaseHold, ...ofWorkers(reading, 'leaseHold')]),
      },
    ],
  },
  {
    name: 'ping_round_trip_seconds',
    help: 'Round trips of pings that were answered.',
    read: (reading) => [{ labels: {}, durations: sumOfDurations(ofWorkers(reading, 'roundTrip')) }],
  },
];

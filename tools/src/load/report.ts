import type { Inspection } from './inspection.js';
import type { Percentiles } from './percentiles.js';
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
  /** What a lease on one connection showed in mid-traffic; null where there was none. */
  readonly lease: Inspection | null;
  /** In which messages were sent. */
  readonly seconds: number;
  readonly threads: number;
}

/** The figures and what else people like to know. */
export interface LoadReport {
  readonly settings: LoadSettings;
  /** Without credentials. */
  readonly url: string;
  readonly figures: LoadFigures;
  /** From the first attempt to the last open connection. */
  readonly openingSeconds: number;
  readonly sentPerSecond: number;
  /** Messages per second that the rate asked for and that were not sent. */
  readonly shortfall: number;
  readonly interrupted: boolean;
}

/** Whether all went as it should: what the exit status says. */
export function succeeded({ connections, messages, errors }: LoadFigures): boolean {
  return connections.opened === connections.requested && messages.lost === 0 && errors.length === 0;
}

import type { Tally } from 'lws-pool';
import type { Inspection } from './inspection.js';

/** What the main thread and the exchange in each worker say to each other. */

/** The option `data` of the handler. */
export interface ExchangePlan {
  /** Bytes of each message. */
  readonly size: number;
  /** Messages without bounds: answers are told apart by their size alone. */
  readonly raw: boolean;
  /** Most messages of a connection on their way. */
  readonly inflight: number;
}

export type ExchangeOrder =
  | {
      readonly type: 'begin';
      /** Messages per second of each connection; undefined: each answer sends the next message. */
      readonly rate: number | undefined;
      /** There is a core for every thread: waiting may use it. */
      readonly precise: boolean;
    }
  /** Leases a connection and tells what it shows. */
  | { readonly type: 'inspect' }
  /** Sends a report. */
  | { readonly type: 'report' }
  /** Sends no more messages; reports once the last answer is there. */
  | { readonly type: 'stop' }
  /** Waits for no more answers; reports. */
  | { readonly type: 'finish' };

/** What the workers say. */
export type ExchangeNews = ExchangeReport | { readonly inspection: Inspection };

/** All of one worker's share from the beginning until now. */
export interface ExchangeReport {
  /** Nothing will be added. */
  readonly final: boolean;
  /** Messages that the rate asked for. */
  readonly due: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** The time in which messages were sent. */
  readonly window: { readonly seconds: number; readonly sent: number; readonly received: number };
  /** On the clock that all threads share, see clock.ts; `until`: the last one open. */
  readonly opening: { readonly from: number; readonly until: number };
  /** Failures that only an exchange can see, by code. */
  readonly incidents: ReadonlyMap<string, Tally>;
  /** Of a final report, see latency-recorder.ts. */
  readonly latency: string | undefined;
}

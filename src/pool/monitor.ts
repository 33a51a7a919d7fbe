import { setImmediate } from 'node:timers/promises';
import { monotonicNow } from '../channel/figures.js';
import type { Connection } from '../connection/connection.js';
import { createError } from '../errors/errors.js';
import { importWith } from '../errors/shortage.js';
import type { FlightRecord } from '../flight/record.js';
import type { DebugSocket } from '../observe/debug/socket.js';
import { parseTracePath, writeTrace } from '../observe/flight/trace-file.js';
import type { MetricsRegistry } from '../observe/metrics/prometheus.js';
import type { MetricsSource } from '../observe/metrics/source.js';
import type { Observers } from '../observe/observers.js';
import type { MainFigures } from '../observe/stats/main-figures.js';
import type { PoolStats } from '../observe/stats/pool.js';
import type { Sample } from '../observe/stats/sample.js';
import { Sampler } from '../observe/stats/sampler.js';
import {
  type MetricsOptions,
  parseMetricsOptions,
  parseSampleOptions,
  parseTelemetryOptions,
  type ResolvedPoolOptions,
  type SampleOptions,
  type TelemetryOptions,
} from '../options/options.js';
import type { Workers } from './workers.js';

/** Files that are open at a time while one of the parts below is loaded. */
const PART_FILES = 16;

/** The pool, as far as it is looked at. */
export interface MonitoredPool {
  readonly options: ResolvedPoolOptions;
  readonly figures: MainFigures;
  readonly observers: Observers;
  readonly workers: Workers;
  stats(): PoolStats;
  groupUrl(group: number): string | undefined;
  /** Throws unless the pool is open. */
  checkOpen(): void;
  /** Keeps the process until that is done. */
  during<Result>(work: Promise<Result>): Promise<Result>;
}

/** Those who look at a pool, in all the ways there are. What they need is loaded when they come. */
export class PoolMonitor {
  readonly #pool: MonitoredPool;
  /** What is read of it, by whom ever; one for all of them. */
  #source: MetricsSource | undefined;
  /** Ends them. */
  readonly #ends = new Set<() => void>();
  #ended = false;
  /** Ends the spans and durations of the last telemetry(). */
  #untrace: (() => void) | undefined;

  constructor(pool: MonitoredPool) {
    this.#pool = pool;
  }

  /** The pool is closed. */
  end(): void {
    this.#ended = true;
    for (const end of [...this.#ends]) {
      try {
        end();
      } catch {
        // A registry that throws: the others end all the same, and there is nobody to be told.
      }
    }
  }

  sample(options: SampleOptions | undefined): AsyncIterableIterator<Sample, undefined> {
    const resolved = parseSampleOptions(options);
    this.#checkCounting();
    let forget: (() => void) | undefined;
    const workers = () => this.#pool.workers.all;
    const sampler = new Sampler(workers, resolved, () => forget?.());
    forget = this.#untilEnd(() => sampler.end());
    if (resolved.signal?.aborted) forget();
    return sampler.samples;
  }

  async metrics(
    registry: MetricsRegistry,
    options: MetricsOptions | undefined,
  ): Promise<() => void> {
    const { labels } = parseMetricsOptions(options);
    this.#checkCounting();
    const { expose } = await importWith(
      PART_FILES,
      () => import('../observe/metrics/prometheus.js'),
    );
    const source = await this.#metricsSource();
    this.#pool.checkOpen();
    return this.#untilEnd(expose(registry, source, labels));
  }

  async telemetry(options: TelemetryOptions | undefined): Promise<() => void> {
    const resolved = parseTelemetryOptions(options);
    this.#checkCounting();
    const part = () => import('../observe/telemetry/telemetry.js');
    const { createTelemetry, loadApi } = await importWith(PART_FILES, part);
    const [api, source] = [await loadApi(), await this.#metricsSource()];
    this.#pool.checkOpen();
    const { observers, end } = createTelemetry(api, source, resolved);
    // Spans go to the last of several.
    this.#untrace?.();
    const untrace = this.#pool.observers.add(...observers);
    this.#untrace = untrace;
    return this.#untilEnd(() => {
      untrace();
      end();
    });
  }

  async listenDebug(path: string | URL): Promise<DebugSocket> {
    this.#checkCounting();
    const { DebugSocket } = await importWith(
      PART_FILES,
      () => import('../observe/debug/socket.js'),
    );
    const pool = this.#pool;
    let forget: (() => void) | undefined;
    const opening = DebugSocket.listen(
      path,
      {
        stats: () => pool.stats(),
        connection: (index, slot, generation) => this.#connection(index, slot, generation),
        url: (index, slot, generation, group) =>
          pool.workers.all[index]?.slots.urlOf(slot, generation) ?? pool.groupUrl(group),
      },
      () => forget?.(),
    );
    const socket = await pool.during(opening);
    forget = this.#untilEnd(() => socket.close());
    try {
      pool.checkOpen();
    } catch (error) {
      forget();
      throw error;
    }
    return socket;
  }

  async flightRecords(): Promise<FlightRecord[]> {
    this.#checkRecords();
    const all: FlightRecord[] = [];
    for await (const records of this.#flights()) all.push(...records);
    return all;
  }

  async writeTrace(path: string | URL): Promise<void> {
    const file = parseTracePath(path);
    this.#checkRecords();
    if (this.#pool.options.flightRecorder === 0) {
      throw createError('ERR_INVALID_OPTION', {
        option: 'flightRecorder',
        got: '0',
        takes: 'how many events are kept of each connection, for writeTrace()',
      });
    }
    await this.#pool.during(writeTrace(file, this.#flights()));
  }

  async *#flights(): AsyncGenerator<FlightRecord[]> {
    for (const worker of this.#pool.workers.all) {
      for (const records of worker.slots.flightRecords((group) => this.#pool.groupUrl(group))) {
        yield records;
        await setImmediate();
      }
    }
  }

  /** Records go with their connections; while those are being closed there is something to see. */
  #checkRecords(): void {
    if (this.#ended) this.#pool.checkOpen();
  }

  #connection(worker: number, slot: number, generation: number): Connection | undefined {
    return this.#pool.workers.all[worker]?.slots.connection(slot, generation);
  }

  #checkCounting(): void {
    this.#pool.checkOpen();
    if (!this.#pool.options.stats) throw createError('ERR_STATS_OFF');
  }

  async #metricsSource(): Promise<MetricsSource> {
    const { MetricsSource } = await importWith(
      PART_FILES,
      () => import('../observe/metrics/source.js'),
    );
    this.#source ??= new MetricsSource(() => ({
      at: monotonicNow(),
      workers: this.#pool.workers.all.flatMap((worker) => worker.figures.reading() ?? []),
      main: this.#pool.figures,
    }));
    return this.#source;
  }

  /** Calls it once, by the caller or when the pool is closed. */
  #untilEnd(end: () => void): () => void {
    const once = () => {
      if (this.#ends.delete(once)) end();
    };
    this.#ends.add(once);
    return once;
  }
}

import type { Worker } from 'node:worker_threads';
import type { Figures } from '../channel/figures.js';
import type { NativeChannel } from '../native.js';
import type { WorkerSnapshot } from '../observe/stats/pool.js';
import {
  type RetiredWorkerTotals,
  sumConnections,
  type WorkerReading,
} from '../observe/stats/reading.js';
import type { Sampled } from '../observe/stats/sample.js';

/** A worker, as far as its figures say nothing of it. */
interface MeasuredWorker {
  readonly index: number;
  readonly alive: boolean;
  readonly thread: Worker | undefined;
}

/** What is counted in one worker, as the main thread reads it. */
export class WorkerFigures {
  readonly #worker: MeasuredWorker;
  readonly #channel: NativeChannel;
  /** Of its connections; undefined where nothing is counted. */
  readonly #connections: Figures | undefined;
  /** Of those that had its place before. */
  readonly #retired: RetiredWorkerTotals;
  readonly #tcp: Float64Array[] = [];
  /** This thread's view of what the worker counts. */
  #counts: Float64Array | undefined;
  /** How long its event loop was at work, as last seen: of one that is gone, nothing is told. */
  #active = 0;

  constructor(
    worker: MeasuredWorker,
    channel: NativeChannel,
    connections: Figures | undefined,
    retired: RetiredWorkerTotals,
  ) {
    this.#worker = worker;
    this.#channel = channel;
    this.#connections = connections;
    this.#retired = retired;
  }

  /** For `pool.stats()`; undefined where nothing is counted. */
  snapshot(): WorkerSnapshot | undefined {
    const { index, alive, thread } = this.#worker;
    const worker = this.#channel.workerFigures();
    if (this.#connections === undefined || worker === undefined) return undefined;
    return {
      channel: this.#channel.key,
      worker: index,
      alive,
      segments: this.#connections.copy(),
      figures: worker.slice(),
      utilization: thread?.performance.eventLoopUtilization().utilization ?? 0,
    };
  }

  /** For metrics, which read without copying; undefined where nothing is counted. */
  reading(): WorkerReading | undefined {
    this.#counts ??= this.#channel.workerFigures();
    const counts = this.#counts;
    if (this.#connections === undefined || counts === undefined) return undefined;
    const { index, alive, thread } = this.#worker;
    const active = thread?.performance.eventLoopUtilization().active ?? 0;
    this.#active = Math.max(this.#active, active);
    return {
      worker: index,
      alive,
      figures: counts,
      totals: this.#retired.totals(counts),
      active: this.#retired.active(this.#active),
      ...sumConnections(this.#connections.segments()),
    };
  }

  /** For a sample. */
  sampled(): Sampled {
    const segments = this.#connections?.segments() ?? [];
    for (let index = this.#tcp.length; index < segments.length; index++) {
      const segment = this.#channel.tcpFigures(index);
      if (segment === undefined) break;
      this.#tcp.push(segment);
    }
    const { index: worker } = this.#worker;
    return { channel: this.#channel.key, worker, segments, tcp: this.#tcp };
  }

  /** Its thread has crashed: what it has counted is not lost. */
  retire(): void {
    const reading = this.reading();
    if (reading !== undefined) this.#retired.add(reading, this.#active);
  }
}

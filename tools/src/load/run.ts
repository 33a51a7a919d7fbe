import { availableParallelism } from 'node:os';
import {
  type ConnectionGroup,
  type ConnectionUrl,
  createPool,
  LwsPoolError,
  type Pool,
  parseConnectionUrl,
} from 'lws-pool';
import { ReportCollector } from './collector.js';
import type { ExchangeOrder, ExchangePlan } from './messages.js';
import type { LoadProgress, OnProgress } from './progress.js';
import type { LoadReport } from './report.js';
import { residentMemory } from './resident-memory.js';
import type { LoadSettings } from './settings.js';
import { Speedometer } from './speedometer.js';
import { summarize } from './summarize.js';
import { within } from './within.js';

const HANDLER = new URL('./echo-handler.js', import.meta.url);
/** How often progress is told. Milliseconds. */
const TICK = 200;
/** How long a worker may take to report; one that takes longer is stuck or dead. Seconds. */
const REPORTING = 3;
/** Failures of the whole undertaking that concern the server and not how it was called. */
const NEVER_BEGUN = new Set<string>([
  'ERR_NAME_NOT_FOUND',
  'ERR_NAME_LOOKUP',
  'ERR_HANDSHAKE_TIMEOUT',
]);
const LEAST_MAX_PAYLOAD = 16 * 1024 * 1024;

/**
 * Opens connections to an echo server, exchanges messages over them, and closes them.
 *
 * @param signal ends the run early; what it has until then is reported
 * @throws LwsPoolError where the settings are wrong; failures of connections are in the report
 */
export async function runLoad(
  settings: LoadSettings,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<LoadReport> {
  const target = parseConnectionUrl(settings.url);
  const { threads, ca, insecure, connections, debugSocket } = settings;
  const pool = await createPool({
    threads,
    maxConnections: connections,
    tls: { ...(ca !== undefined && { ca }), rejectUnauthorized: !insecure },
  });
  try {
    if (debugSocket !== undefined) await pool.listenDebug(debugSocket);
    const run = new LoadRun(settings, target, pool, onProgress, signal);
    return await run.report();
  } finally {
    await pool.destroy();
  }
}

class LoadRun {
  readonly #settings: LoadSettings;
  readonly #url: string;
  readonly #isRaw: boolean;
  readonly #pool: Pool;
  readonly #onProgress: OnProgress;
  readonly #signal: AbortSignal;
  readonly #interrupted: Promise<void>;

  constructor(
    settings: LoadSettings,
    { url, kind }: ConnectionUrl,
    pool: Pool,
    onProgress: OnProgress,
    signal: AbortSignal,
  ) {
    this.#settings = settings;
    this.#url = url;
    this.#isRaw = kind === 'raw';
    this.#pool = pool;
    this.#onProgress = onProgress;
    this.#signal = signal;
    this.#interrupted = new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async report(): Promise<LoadReport> {
    const rssAtStart = residentMemory();
    const group = await this.#connect();
    if (group === undefined || group instanceof LwsPoolError) return this.#withoutGroup(group);
    const reports = new ReportCollector(group, Math.min(this.#pool.threads, group.count));
    const rssPerConnection = await this.#open(group, rssAtStart);
    const interruptedOpening = this.#signal.aborted;
    if (group.size > 0 && this.#settings.duration > 0 && !interruptedOpening) {
      await this.#exchange(group, reports);
    }
    const interrupted = this.#signal.aborted;
    order(group, { type: 'finish' });
    await within(REPORTING, reports.final, group.closed);
    const failed = failedOf(group);
    const opened = group.opened;
    if (!interruptedOpening) await this.#close(group);
    return summarize({
      settings: this.#settings,
      url: this.#url,
      threads: this.#pool.threads,
      opened,
      failed,
      failures: [group.failed, group.errors],
      reports: reports.all,
      rssPerConnection,
      inspection: reports.inspection,
      interrupted,
    });
  }

  /** Returns the failure where not one connection could be begun, nothing where interrupted. */
  async #connect(): Promise<ConnectionGroup | LwsPoolError | undefined> {
    const { url, connections, size, rate, inflight } = this.#settings;
    const plan: ExchangePlan = {
      size,
      raw: this.#isRaw,
      inflight: inflight ?? (rate === undefined ? 1 : Number.POSITIVE_INFINITY),
    };
    const connecting = this.#pool
      .connectMany(url, {
        count: connections,
        handler: HANDLER,
        data: plan,
        maxPayload: Math.max(LEAST_MAX_PAYLOAD, size),
      })
      .catch((error: unknown) => {
        if (error instanceof LwsPoolError && NEVER_BEGUN.has(error.code)) return error;
        if (this.#signal.aborted) return undefined;
        throw error;
      });
    return await Promise.race([connecting, this.#interrupted.then(() => undefined)]);
  }

  /** Waits until no more connections open. Returns the memory that each takes. */
  async #open(group: ConnectionGroup, rssAtStart: number | undefined): Promise<number | undefined> {
    // The handlers are loaded by now; only the connections are still to come, or most of them.
    const rssLoaded = residentMemory();
    const openedBefore = group.opened;
    await this.#watch(Promise.race([group.ready, this.#interrupted]), () => ({
      phase: 'opening',
      opened: group.opened,
      failed: failedOf(group),
      requested: group.count,
    }));
    const [before, opened] =
      group.opened > openedBefore
        ? [rssLoaded, group.opened - openedBefore]
        : [rssAtStart, group.opened];
    const after = residentMemory();
    if (before === undefined || after === undefined || opened === 0) return undefined;
    return Math.max(0, Math.round((after - before) / opened));
  }

  async #exchange(group: ConnectionGroup, reports: ReportCollector): Promise<void> {
    const { duration, rate, grace } = this.#settings;
    const began = performance.now();
    const speedometer = new Speedometer();
    order(group, {
      type: 'begin',
      rate: rate === undefined ? undefined : rate / group.size,
      precise: this.#pool.threads < availableParallelism(),
    });
    const halfway = setTimeout(() => order(group, { type: 'inspect' }), (duration * 1e3) / 2);
    await this.#watch(within(duration, group.closed, this.#interrupted), () => {
      order(group, { type: 'report' });
      return {
        phase: 'exchanging',
        elapsed: (performance.now() - began) / 1e3,
        duration,
        perSecond: speedometer.read(reports.received),
      };
    });
    clearTimeout(halfway);
    order(group, { type: 'stop' });
    await this.#watch(within(grace, reports.final, group.closed), () => {
      order(group, { type: 'report' });
      return { phase: 'draining', waiting: reports.underWay };
    });
  }

  async #close(group: ConnectionGroup): Promise<void> {
    const closed = this.#isRaw ? group.close() : group.close(1000);
    await this.#watch(closed, () => ({ phase: 'closing', open: group.size }));
  }

  #withoutGroup(error: LwsPoolError | undefined): LoadReport {
    const count = error === undefined ? 0 : this.#settings.connections;
    return summarize({
      settings: this.#settings,
      url: this.#url,
      threads: this.#pool.threads,
      opened: 0,
      failed: count,
      failures:
        error === undefined ? [] : [new Map([[error.code, { count, message: error.message }]])],
      reports: [],
      rssPerConnection: undefined,
      inspection: undefined,
      interrupted: this.#signal.aborted,
    });
  }

  /** Waits, and tells of the progress meanwhile. */
  async #watch(end: Promise<void>, progress: () => LoadProgress): Promise<void> {
    this.#onProgress(progress());
    const ticker = setInterval(() => this.#onProgress(progress()), TICK);
    try {
      await end;
    } finally {
      clearInterval(ticker);
    }
  }
}

/** How many were never open. */
function failedOf({ failed }: ConnectionGroup): number {
  return [...failed.values()].reduce((sum, { count }) => sum + count, 0);
}

function order(group: ConnectionGroup, what: ExchangeOrder): void {
  group.post(what);
}

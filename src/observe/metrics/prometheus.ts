import { describe } from '../../base/describe.js';
import { DURATION_LIMITS, type Durations } from '../../channel/durations.js';
import { createError, type LwsPoolError } from '../../errors/errors.js';
import { EXCEPTION } from '../../options/rejection.js';
import { HISTOGRAMS, type Histogram } from './histograms.js';
import { METRICS, type Metric, type Sample } from './metrics.js';
import type { MetricsSource, PoolReading } from './source.js';

type Labels = Readonly<Record<string, string>>;

/**
 * A `Registry` of prom-client, as far as it is used. lws-pool never imports prom-client: it registers
 * metrics of its own with the registry you pass, so that your copy of prom-client is the one in use.
 */
export interface MetricsRegistry {
  /** Adds a metric; throws where its name is taken. */
  registerMetric(metric: never): void;
  /** Returns the metric of that name, or undefined. */
  getSingleMetric(name: string): unknown;
  /** Removes the metric of that name. */
  removeSingleMetric(name: string): void;
}

interface Value extends Sample {
  /** Where it is not that of the metric. */
  readonly metricName?: string;
}

const PREFIX = 'lws_pool_';

/** What prom-client wants of a metric: lib/registry.js of it calls `get()` at each scrape. */
class Exposed {
  /** prom-client takes `_total` off it while it writes OpenMetrics. */
  name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator: string;
  readonly #read: () => Value[];

  constructor(
    {
      name,
      help,
      type,
      aggregator = 'sum',
    }: Pick<Exposed, 'name' | 'help' | 'type'> & {
      aggregator?: string | undefined;
    },
    read: () => Value[],
  ) {
    this.name = name;
    this.help = help;
    this.type = type;
    this.aggregator = aggregator;
    this.#read = read;
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#read() };
  }

  /** For tests of applications; what a pool has counted stays counted. */
  reset(): void {
    // Prometheus finds out by itself where a counter begins anew.
  }
}

/** The pools that one registry shows. */
class Exposition {
  readonly #registry: MetricsRegistry;
  readonly #pools = new Map<MetricsSource, Labels>();
  readonly #metrics = new Map<string, Exposed>();

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    for (const metric of METRICS) this.#define(metric, (reading) => metric.read(reading));
    for (const histogram of HISTOGRAMS) {
      const name = PREFIX + histogram.name;
      this.#define({ ...histogram, type: 'histogram' }, (reading) =>
        histogram
          .read(reading)
          .flatMap(({ labels, durations }) => [...buckets(name, labels, durations)]),
      );
    }
  }

  add(pool: MetricsSource, labels: Labels): void {
    const key = keyOf(labels);
    for (const [other, others] of this.#pools) {
      if (other !== pool && keyOf(others) !== key) continue;
      throw wrongRegistry(
        'a registry that does not show this pool, nor another one with the same labels',
        "Tell pools apart: pool.metrics(registry, { labels: { pool: 'name' } }).",
      );
    }
    for (const [name, metric] of this.#metrics) {
      const known = this.#ask((registry) => registry.getSingleMetric(name));
      if (known !== undefined && known !== metric) {
        throw wrongRegistry(`a registry in which the name ${name} is not taken`);
      }
    }
    this.#pools.set(pool, labels);
    try {
      this.#ask((registry) => {
        for (const [name, metric] of this.#metrics) {
          if (registry.getSingleMetric(name) === metric) continue;
          metric.name = name;
          registry.registerMetric(metric as never);
        }
      });
    } catch (error) {
      this.#forget(pool);
      throw error;
    }
  }

  remove(pool: MetricsSource): void {
    const failed = this.#forget(pool);
    if (failed !== undefined) throw failed;
  }

  /** Returns the first failure, where there is any; what can be taken out is out then. */
  #forget(pool: MetricsSource): LwsPoolError | undefined {
    this.#pools.delete(pool);
    let failed: LwsPoolError | undefined;
    if (this.#pools.size > 0) return failed;
    for (const [name, metric] of this.#metrics) {
      try {
        this.#ask((registry) => {
          if (registry.getSingleMetric(name) === metric) registry.removeSingleMetric(name);
        });
      } catch (error) {
        failed ??= error as LwsPoolError;
      }
    }
    return failed;
  }

  /** The registry is the user's code. */
  #ask<Answer>(ask: (registry: MetricsRegistry) => Answer): Answer {
    try {
      return ask(this.#registry);
    } catch (cause) {
      throw wrongRegistry('a Registry of prom-client', undefined, EXCEPTION, cause);
    }
  }

  #define(
    {
      name,
      help,
      type,
      aggregator,
    }: Pick<Metric | Histogram, 'name' | 'help'> & {
      readonly type: Exposed['type'];
      readonly aggregator?: string | undefined;
    },
    read: (reading: PoolReading) => readonly Value[],
  ): void {
    const full = PREFIX + name;
    const metric = new Exposed({ name: full, help, type, aggregator }, () =>
      Array.from(this.#pools, ([pool, own]) =>
        read(pool.read()).map((value) => ({ ...value, labels: { ...own, ...value.labels } })),
      ).flat(),
    );
    this.#metrics.set(full, metric);
  }
}

/** Buckets hold what those below them hold, as the exposition format has it. */
function* buckets(name: string, labels: Labels, { figures }: Durations): Generator<Value> {
  let count = 0;
  for (const [index, limit] of [...DURATION_LIMITS, Number.POSITIVE_INFINITY].entries()) {
    count += figures[index] as number;
    const le = limit === Number.POSITIVE_INFINITY ? '+Inf' : `${limit / 1000}`;
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  }
  yield { metricName: `${name}_sum`, labels, value: (figures.at(-1) as number) / 1000 };
  yield { metricName: `${name}_count`, labels, value: count };
}

const expositions = new WeakMap<MetricsRegistry, Exposition>();

/**
 * Shows a pool in a registry.
 *
 * @returns takes it out again
 * @throws LwsPoolError ERR_INVALID_ARGUMENT
 */
export function expose(registry: MetricsRegistry, pool: MetricsSource, labels: Labels): () => void {
  if (!isRegistry(registry)) {
    throw wrongRegistry('a Registry of prom-client', undefined, describe(registry));
  }
  const exposition = expositions.get(registry) ?? new Exposition(registry);
  exposition.add(pool, labels);
  expositions.set(registry, exposition);
  return () => exposition.remove(pool);
}

function isRegistry(registry: unknown): registry is MetricsRegistry {
  const wanted = ['registerMetric', 'getSingleMetric', 'removeSingleMetric'];
  if (typeof registry !== 'object' || registry === null) return false;
  try {
    return wanted.every((name) => typeof (registry as never)[name] === 'function');
  } catch {
    // A getter, or a proxy.
    return false;
  }
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort());
}

function wrongRegistry(takes: string, hint?: string, got?: string, cause?: unknown) {
  const otherwise = 'npm install prom-client, then: pool.metrics(new Registry()).';
  const details = {
    argument: 'registry',
    got,
    takes,
    hint: hint ?? (got === undefined ? undefined : otherwise),
  };
  return createError('ERR_INVALID_ARGUMENT', details, cause === undefined ? undefined : { cause });
}

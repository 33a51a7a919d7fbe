import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { createError } from '../../errors/errors.js';
import type { ResolvedTelemetryOptions } from '../../options/options.js';
import { EXCEPTION } from '../../options/rejection.js';
import type { MetricsSource } from '../metrics/source.js';
import type { PoolObserver } from '../observer.js';
import { createDurations } from './durations.js';
import { observeMetrics } from './instruments.js';
import { optional } from './optional.js';
import { createSpans } from './spans.js';

type Api = typeof import('@opentelemetry/api');

/** How instrumentation names itself to OpenTelemetry. */
const SCOPE = 'lws-pool';

interface Telemetry {
  /** To be told of connections and leases. */
  readonly observers: readonly PoolObserver[];
  /** Ends what observes the pool. */
  end(): void;
}

/** @throws LwsPoolError ERR_PACKAGE_MISSING */
export function loadApi(): Promise<Api> {
  return optional<Api>('@opentelemetry/api');
}

/**
 * Instruments and spans of a pool, by the OpenTelemetry of the application.
 *
 * @throws LwsPoolError ERR_INVALID_OPTION where a provider throws; then nothing is left of it
 */
export function createTelemetry(
  api: Api,
  source: MetricsSource,
  { attributes, meterProvider, tracerProvider }: ResolvedTelemetryOptions,
): Telemetry {
  const meters = (meterProvider as MeterProvider | undefined) ?? api.metrics;
  const tracers = (tracerProvider as TracerProvider | undefined) ?? api.trace;
  const spans = given('tracerProvider', () =>
    createSpans(api, tracers.getTracer(SCOPE), attributes),
  );
  const { durations, end } = given('meterProvider', () => {
    const meter = meters.getMeter(SCOPE);
    const durations = createDurations(meter, attributes);
    // Last: what is created alone shows nothing.
    return { durations, end: observeMetrics(meter, source, attributes) };
  });
  const safely: Safely = (run) => {
    try {
      return run();
    } catch (error) {
      // Watching a pool must not harm it.
      api.diag.error('lws-pool: telemetry', error);
      return undefined;
    }
  };
  const observers = [durations, spans].map((observer) => harmless(observer, safely));
  return { observers, end: () => safely(end) };
}

const TAKES = {
  meterProvider: 'a MeterProvider of OpenTelemetry',
  tracerProvider: 'a TracerProvider of OpenTelemetry',
};

/** Has a provider make something, which is the user's code. */
function given<Made>(option: keyof typeof TAKES, make: () => Made): Made {
  try {
    return make();
  } catch (cause) {
    const details = { option, takes: TAKES[option], got: EXCEPTION };
    throw createError('ERR_INVALID_OPTION', details, { cause });
  }
}

type Safely = <Result>(run: () => Result) => Result | undefined;

/** The same observer, whose exceptions harm nobody. */
function harmless(observer: PoolObserver, safely: Safely): PoolObserver {
  return {
    connecting(url) {
      const followed = safely(() => observer.connecting?.(url));
      return {
        opened: (connection) => safely(() => followed?.opened?.(connection)),
        failed: (error) => safely(() => followed?.failed?.(error)),
      };
    },
    leasing(subject) {
      const followed = safely(() => observer.leasing?.(subject));
      return {
        granted: () => safely(() => followed?.granted()),
        failed: (error) => safely(() => followed?.failed(error)),
        ended: (ending) => safely(() => followed?.ended(ending)),
      };
    },
  };
}

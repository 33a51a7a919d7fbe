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
  readonly observer: PoolObserver;
  /** Ends what observes the pool. */
  end(): void;
}

/** @throws LwsPoolError ERR_PACKAGE_MISSING */
export function loadApi(): Promise<Api> {
  return optional('@opentelemetry/api', () => import('@opentelemetry/api'));
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
      // Whoever watches must not harm what he watches.
      api.diag.error('lws-pool: telemetry', error);
      return undefined;
    }
  };
  return { observer: each([durations, spans], safely), end: () => safely(end) };
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

/** Several as one. */
function each(observers: readonly PoolObserver[], safely: Safely): PoolObserver {
  const begin = <Followed>(follow: (observer: PoolObserver) => Followed) => {
    const all = observers.flatMap((observer) => safely(() => follow(observer)) ?? []);
    return (tell: (followed: Followed) => void) => {
      for (const followed of all) safely(() => tell(followed as Followed));
    };
  };
  return {
    connecting(target) {
      const tell = begin((observer) => observer.connecting(target));
      return {
        opened: (connection) => tell((followed) => followed.opened(connection)),
        failed: (error) => tell((followed) => followed.failed(error)),
      };
    },
    leasing(subject) {
      const tell = begin((observer) => observer.leasing(subject));
      return {
        granted: () => tell((followed) => followed.granted()),
        failed: (error) => tell((followed) => followed.failed(error)),
        ended: (ending) => tell((followed) => followed.ended(ending)),
      };
    },
  };
}

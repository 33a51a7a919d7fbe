import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import type { MetricsSource } from '../metrics/source.js';
import type { PoolObserver } from '../pool/observer.js';
import type { ResolvedTelemetryOptions } from '../pool/options.js';
import { createDurations } from './durations.js';
import { observeMetrics } from './instruments.js';
import { optional } from './optional.js';
import { createSpans } from './spans.js';

/** How instrumentation names itself to OpenTelemetry. */
const SCOPE = 'lws-pool';

interface Telemetry {
  /** To be told of connections and leases. */
  readonly observer: PoolObserver;
  /** Ends what observes the pool. */
  end(): void;
}

/**
 * Instruments and spans of a pool, by the OpenTelemetry of the application.
 *
 * @throws LwsPoolError ERR_PACKAGE_MISSING
 */
export async function createTelemetry(
  source: MetricsSource,
  { attributes, meterProvider, tracerProvider }: ResolvedTelemetryOptions,
): Promise<Telemetry> {
  const api = await optional('@opentelemetry/api', () => import('@opentelemetry/api'));
  const meters = (meterProvider as MeterProvider | undefined) ?? api.metrics;
  const tracers = (tracerProvider as TracerProvider | undefined) ?? api.trace;
  const meter = meters.getMeter(SCOPE);
  const end = observeMetrics(meter, source, attributes);
  const durations = createDurations(meter, attributes);
  const spans = createSpans(api, tracers.getTracer(SCOPE), attributes);
  const observer = each([durations, spans], (run) => {
    try {
      return run();
    } catch (error) {
      // Whoever watches must not harm what he watches.
      api.diag.error('lws-pool: telemetry', error);
      return undefined;
    }
  });
  return { observer, end };
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

import { metrics, trace } from '@opentelemetry/api';
import type { MetricsRegistry, Pool, TelemetryOptions } from 'lws-pool';
import { Registry, register } from 'prom-client';
import { expectTypeOf, test } from 'vitest';

declare const pool: Pool;

test('metrics go to a registry of prom-client', () => {
  expectTypeOf<Registry>().toExtend<MetricsRegistry>();
  expectTypeOf(pool.metrics(register)).resolves.toEqualTypeOf<() => void>();
  void pool.metrics(new Registry(), { labels: { pool: 'name' } });
  // @ts-expect-error there has to be one
  void pool.metrics();
  // @ts-expect-error labels are strings
  void pool.metrics(register, { labels: { pool: 1 } });
});

test('telemetry goes to providers of OpenTelemetry', () => {
  expectTypeOf(pool.telemetry()).resolves.toEqualTypeOf<() => void>();
  void pool.telemetry({ meterProvider: metrics, tracerProvider: trace });
  expectTypeOf({ meterProvider: metrics, tracerProvider: trace }).toExtend<TelemetryOptions>();
  // @ts-expect-error an unknown option
  void pool.telemetry({ provider: metrics });
});

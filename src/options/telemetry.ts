import { Rejection } from './rejection.js';
import { fitting, group, parseWith, reader } from './schema.js';

/** A `MeterProvider` of OpenTelemetry. */
export interface TelemetryMeterProvider {
  /** Returns the meter of that name. */
  getMeter(name: string): unknown;
}

/** A `TracerProvider` of OpenTelemetry. */
export interface TelemetryTracerProvider {
  /** Returns the tracer of that name. */
  getTracer(name: string): unknown;
}

/** Options of `pool.telemetry()`. */
export interface TelemetryOptions {
  /** Where figures go. Default: the provider that the application has registered. */
  readonly meterProvider?: TelemetryMeterProvider | undefined;
  /** Where spans go. Default: the provider that the application has registered. */
  readonly tracerProvider?: TelemetryTracerProvider | undefined;
  /** Attributes added to every value and every span of this pool. Default: none. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface ResolvedTelemetryOptions extends TelemetryOptions {
  readonly attributes: Readonly<Record<string, string>>;
}

const LONGEST = 256;

const provider = <Provider>(takes: string, method: string) =>
  fitting<Provider>(takes, (value: unknown) => {
    const given = (value ?? {}) as Record<string, unknown>;
    return typeof given[method] === 'function';
  });

const attributes = reader((value): Readonly<Record<string, string>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Rejection("an object such as { 'pool.name': 'feed' }");
  }
  for (const [name, attribute] of Object.entries(value)) {
    if (name === '') throw new Rejection('names of at least one character', [name]);
    if (typeof attribute !== 'string' || attribute.length > LONGEST) {
      throw new Rejection(`a string of at most ${LONGEST} characters`, [name]);
    }
  }
  return Object.freeze({ ...value }) as Readonly<Record<string, string>>;
});

const schema = group({
  meterProvider: provider<TelemetryMeterProvider>('a MeterProvider of OpenTelemetry', 'getMeter'),
  tracerProvider: provider<TelemetryTracerProvider>(
    'a TracerProvider of OpenTelemetry',
    'getTracer',
  ),
  attributes,
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseTelemetryOptions(
  input: TelemetryOptions | undefined,
): ResolvedTelemetryOptions {
  const given = parseWith(schema, input === undefined ? {} : input);
  return { ...given, attributes: given.attributes ?? {} };
}

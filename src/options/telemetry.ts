import { type Check, checked, optionsCheck } from './checks.js';
import { Rejection } from './rejection.js';

/** A `MeterProvider` of OpenTelemetry. */
export interface TelemetryMeterProvider {
  getMeter(name: string): unknown;
}

/** A `TracerProvider` of OpenTelemetry. */
export interface TelemetryTracerProvider {
  getTracer(name: string): unknown;
}

/** Options of `pool.telemetry()`. */
export interface TelemetryOptions {
  /** Default: the one that the application has registered. */
  readonly meterProvider?: TelemetryMeterProvider | undefined;
  /** The same. */
  readonly tracerProvider?: TelemetryTracerProvider | undefined;
  /** On every value and every span of this pool. Default: none. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface ResolvedTelemetryOptions extends TelemetryOptions {
  readonly attributes: Readonly<Record<string, string>>;
}

const LONGEST = 256;

const providerCheck =
  <Provider>(takes: string, method: string): Check<Provider> =>
  (value) => {
    const given = (value ?? {}) as Record<string, unknown>;
    if (typeof given[method] !== 'function') throw new Rejection(takes);
    return value as Provider;
  };

const attributesCheck: Check<Readonly<Record<string, string>>> = (value) => {
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
};

const telemetryCheck = optionsCheck<TelemetryOptions>({
  meterProvider: providerCheck('a MeterProvider of OpenTelemetry', 'getMeter'),
  tracerProvider: providerCheck('a TracerProvider of OpenTelemetry', 'getTracer'),
  attributes: attributesCheck,
});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseTelemetryOptions(
  input: TelemetryOptions | undefined,
): ResolvedTelemetryOptions {
  const given = checked(telemetryCheck, input === undefined ? {} : input);
  return { ...given, attributes: given.attributes ?? {} };
}

import { type Check, checked, optionsCheck } from './checks.js';
import { Rejection } from './rejection.js';

/** Options of `pool.metrics()`. */
export interface MetricsOptions {
  /** On every value of this pool: they tell several pools in one registry apart. Default: none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Those that metrics have themselves; how many values each can have is known beforehand. */
const LABELS = ['worker', 'state', 'code', 'phase', 'le'];

/** Prometheus keeps names that begin with two underscores for itself. */
const NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const LONGEST = 256;

const labelsCheck: Check<Readonly<Record<string, string>>> = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Rejection("an object such as { pool: 'name' }");
  }
  const labels: Record<string, string> = {};
  for (const [name, label] of Object.entries(value)) {
    if (!NAME.test(name)) throw new Rejection('names of letters, digits and single _', [name]);
    if (LABELS.includes(name)) {
      throw new Rejection(`other names than ${LABELS.join(', ')}`, [name]);
    }
    if (typeof label !== 'string' || label.length > LONGEST) {
      throw new Rejection(`a string of at most ${LONGEST} characters`, [name]);
    }
    labels[name] = label;
  }
  return Object.freeze(labels);
};

const metricsCheck = optionsCheck<MetricsOptions>({ labels: labelsCheck });

const NONE = Object.freeze({});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMetricsOptions(input: MetricsOptions | undefined): {
  readonly labels: Readonly<Record<string, string>>;
} {
  return { labels: checked(metricsCheck, input === undefined ? {} : input).labels ?? NONE };
}

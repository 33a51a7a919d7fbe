import { Rejection } from './rejection.js';
import { group, parseWith, reader } from './schema.js';

/** Options of `pool.metrics()`. */
export interface MetricsOptions {
  /** Labels of every value of this pool, to tell pools in one registry apart. Default: none. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Those that metrics have themselves; how many values each can have is known beforehand. */
const LABELS = ['worker', 'state', 'code', 'phase', 'le'];

/** Prometheus keeps names that begin with two underscores for itself. */
const NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const LONGEST = 256;

const labels = reader((value): Readonly<Record<string, string>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Rejection("an object such as { pool: 'name' }");
  }
  const read: Record<string, string> = {};
  for (const [name, label] of Object.entries(value)) {
    if (!NAME.test(name)) throw new Rejection('names of letters, digits and single _', [name]);
    if (LABELS.includes(name)) {
      throw new Rejection(`other names than ${LABELS.join(', ')}`, [name]);
    }
    if (typeof label !== 'string' || label.length > LONGEST) {
      throw new Rejection(`a string of at most ${LONGEST} characters`, [name]);
    }
    read[name] = label;
  }
  return Object.freeze(read);
});

const schema = group({ labels });

const NONE = Object.freeze({});

/** @throws LwsPoolError ERR_INVALID_OPTION */
export function parseMetricsOptions(input: MetricsOptions | undefined): {
  readonly labels: Readonly<Record<string, string>>;
} {
  return { labels: parseWith(schema, input === undefined ? {} : input).labels ?? NONE };
}

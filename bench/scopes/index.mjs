import { bio } from './bio.mjs';
import { burst } from './burst.mjs';
import { connect } from './connect.mjs';
import { echo } from './echo.mjs';
import { fanout } from './fanout.mjs';
import { flood } from './flood.mjs';
import { growth } from './growth.mjs';
import { latency } from './latency.mjs';
import { lease } from './lease.mjs';
import { memory } from './memory.mjs';
import { observability } from './observability.mjs';
import { threads } from './threads.mjs';
import { uring } from './uring.mjs';

/**
 * @typedef {object} Row  one line of the table
 * @property {string} id
 * @property {string} title
 * @property {keyof typeof import('../lib/metrics.mjs').metrics} metric  what is read from a peer's result
 * @property {boolean} [tls]
 * @property {string[]} [peers]  only these of the scope's
 * @property {boolean} [isBaseline]  one of the few that are measured if nothing else is asked for
 * @property {'worker' | 'main' | 'native' | 'lease'} driver  where the peer's own code runs, if it has the choice
 * @property {boolean} [unpinned]  client and server may use every core
 * @property {Workload} workload
 * @property {Workload} quick  the same question with less work
 * @property {import('../lib/targets.mjs').Target[]} [targets]  what lws-pool has to reach
 *
 * @typedef {object} Workload  becomes the peer's command line; see peers/contract/workload.mjs
 * @property {string} mode
 * @property {number} connections
 *
 * @typedef {object} Scope
 * @property {string} title
 * @property {string[]} peers
 * @property {string} units  of its figures, in words
 * @property {number} [rounds]  fixed number of rounds, none of them thrown away
 * @property {Row[]} rows
 */

/** @type {Record<string, Scope>} */
export const scopes = {
  connect,
  memory,
  echo,
  flood,
  fanout,
  latency,
  threads,
  growth,
  burst,
  lease,
  bio,
  uring,
  observability,
};

/** Rows of several scopes under one name. */
export const sets = {
  baseline: (row) => row.isBaseline === true,
  all: () => true,
};

/**
 * The rows of scopes and of sets, each once and in the order they are defined in.
 *
 * @param {string[]} names
 * @param {string[] | null} [ids]  only these rows of them
 * @returns {{ scope: string, row: Row }[]}
 */
export function rowsOf(names, ids = null) {
  const chosen = names.filter((name) => sets[name]).map((name) => sets[name]);
  return Object.entries(scopes).flatMap(([scope, { rows }]) =>
    rows
      .filter((row) => names.includes(scope) || chosen.some((includes) => includes(row)))
      .filter(({ id }) => ids === null || ids.includes(id))
      .map((row) => ({ scope, row })),
  );
}

import { baseline } from './baseline.mjs';
import { burst } from './burst.mjs';
import { lease } from './lease.mjs';

/**
 * @typedef {object} Row  one line of the table
 * @property {string} id
 * @property {string} title
 * @property {keyof typeof import('../lib/metrics.mjs').metrics} metric  what is read from a peer's result
 * @property {boolean} [tls]
 * @property {string[]} [peers]  only these of the scope's
 * @property {'worker' | 'main' | 'lease'} driver  where the peer's own code runs, if it has the choice
 * @property {Workload} workload
 * @property {Workload} quick  the same question with less work
 * @property {import('../lib/targets.mjs').Target} [target]  what lws-pool has to reach
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
export const scopes = { baseline, burst, lease };

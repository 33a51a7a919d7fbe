import { scopes as knownScopes } from '../scopes/index.mjs';

/**
 * What all reporters for people work from: one or several reports, ordered by scope. A row that
 * several of them hold is taken from the one that was started last.
 *
 * @typedef {object} Page
 * @property {Report[]} runs  that rows were taken from, the oldest first
 * @property {PageScope[]} scopes
 * @property {string[]} peers  in their usual order
 * @property {boolean} quick  some of it is only a rehearsal
 *
 * @typedef {object} PageScope
 * @property {string} name
 * @property {string} title
 * @property {string} units
 * @property {string[]} peers  that have a column
 * @property {number[]} runs  which of the page's its rows come from
 * @property {(object & { run: number })[]} rows
 *
 * @typedef {Awaited<ReturnType<typeof import('./benchmark.mjs').runBenchmark>>} Report
 */

export const schema = 2;

/**
 * @param {Report[]} reports
 * @returns {Page}
 */
export function makePage(reports) {
  for (const report of reports) {
    if (report.schema !== schema) {
      throw new RangeError(`a report has schema ${report.schema}, this reads ${schema}`);
    }
  }
  const inOrder = [...reports].sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const latest = new Map();
  for (const report of inOrder) for (const row of report.rows) latest.set(row.id, { row, report });
  const taken = [...latest.values()];
  const runs = inOrder.filter((report) => taken.some((entry) => entry.report === report));
  const peers = runs.reduce(
    (known, run) =>
      mergeOrders(
        known,
        run.peers.map(({ name }) => name),
      ),
    [],
  );

  const titles = new Map(runs.flatMap((run) => run.scopes.map((scope) => [scope.name, scope])));
  const scopes = [...titles.values()].sort(byOrderOf(Object.keys(knownScopes), ({ name }) => name));
  return {
    runs,
    peers,
    quick: runs.some(({ settings }) => settings.quick),
    scopes: scopes.map(({ name, title, units }) => {
      const rows = taken
        .filter(({ row }) => row.scope === name)
        .map(({ row, report }) => ({ ...row, run: runs.indexOf(report) }))
        .sort(byOrderOf(knownScopes[name]?.rows.map(({ id }) => id) ?? [], ({ id }) => id));
      return {
        ...{ name, title, units, rows },
        peers: peers.filter((peer) => rows.some((row) => row.peers.includes(peer))),
        runs: [...new Set(rows.map(({ run }) => run))],
      };
    }),
  };
}

/** What is not in the order stays where it was, at the end. */
function byOrderOf(order, name) {
  const place = (item) => (order.includes(name(item)) ? order.indexOf(name(item)) : order.length);
  return (a, b) => place(a) - place(b);
}

/** Keeps both orders as far as they agree; the subject ends up last where it was last. */
function mergeOrders(known, added) {
  const merged = [...known];
  for (const [index, name] of added.entries()) {
    if (merged.includes(name)) continue;
    const after = added.slice(0, index).findLast((earlier) => merged.includes(earlier));
    merged.splice(after === undefined ? 0 : merged.indexOf(after) + 1, 0, name);
  }
  return merged;
}

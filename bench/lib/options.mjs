import { parseArgs } from 'node:util';
import { peers } from '../peers/index.mjs';
import { rowsOf, scopes, sets } from '../scopes/index.mjs';
import { commandText } from './command.mjs';
import { serverNames } from './server.mjs';
import { countOf, oneOf, someOf } from './values.mjs';

export const peerNames = peers.map((peer) => peer.name);
const scopeNames = [...Object.keys(sets), ...Object.keys(scopes)];
const reporterNames = ['table', 'json', 'html', 'markdown'];

/** Where the written page belongs; figures that say nothing must not get there by accident. */
export const docsPage = 'docs/benchmarks.md';

export const usageText = `Usage: npm run bench [-- options]

  --scope NAMES     what to measure (baseline), several with commas:
                      baseline: ${rowsOf(['baseline']).length} rows that decide; all: every scope
                      ${Object.keys(scopes).join(', ')}
  --rows IDS        only these rows of them, with commas (all)
  --peers NAMES     several with commas (all that are here):
                      ${peerNames.join(', ')}
  --server NAME     own: lws-pool serve, ws: one on npm ws, beast: one in C++,
                    auto: own once it is built (auto)
  --runs N          measured rounds, after one that is thrown away (5)
  --quick           two rounds and a tenth of the work: does it run, not how fast
  --reporter NAME   ${reporterNames.join(', ')} (table)
  --out FILE        where the report goes (standard output; markdown: ${docsPage})
  --save FILE       the report as JSON too, for bench/report.mjs
  --list            scopes, rows and targets, and measures nothing
  --help`;

const known = {
  scope: { type: 'string', default: 'baseline' },
  rows: { type: 'string' },
  peers: { type: 'string', default: peerNames.join(',') },
  server: { type: 'string', default: 'auto' },
  runs: { type: 'string' },
  quick: { type: 'boolean', default: false },
  reporter: { type: 'string', default: 'table' },
  out: { type: 'string' },
  save: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/**
 * @typedef {object} Options
 * @property {string} command  the same again, wherever its report goes
 * @property {string[]} scopes  scopes and sets
 * @property {string[] | null} rows  null: all of them
 * @property {string[]} peers
 * @property {'own' | 'ws' | 'beast' | 'auto'} server
 * @property {number} runs
 * @property {boolean} quick
 * @property {'table' | 'json' | 'html' | 'markdown'} reporter
 * @property {string} [out]
 * @property {string} [save]
 * @property {boolean} list
 * @property {boolean} help
 */

/**
 * @param {string[]} commandLine
 * @returns {Options}
 */
export function readOptions(commandLine) {
  const { values } = parseArgs({ args: commandLine, options: known });
  const chosenScopes = someOf('--scope', values.scope, scopeNames);
  const rowIds = rowsOf(chosenScopes).map(({ row }) => row.id);
  const reporter = oneOf('--reporter', values.reporter, reporterNames);
  if (reporter === 'markdown' && values.quick && values.out === undefined) {
    throw new RangeError(`--quick does not go to ${docsPage}: name another file with --out`);
  }
  return {
    command: commandText(commandLine, known),
    scopes: chosenScopes,
    rows: values.rows === undefined ? null : someOf('--rows', values.rows, rowIds),
    peers: someOf('--peers', values.peers, peerNames),
    server: oneOf('--server', values.server, serverNames),
    runs: countOf('--runs', values.runs ?? (values.quick ? '2' : '5')),
    quick: values.quick,
    reporter,
    out: values.out,
    save: values.save,
    list: values.list,
    help: values.help,
  };
}
